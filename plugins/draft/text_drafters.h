// Drafters that look into text alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/draft/drafter.h"
#include "plugins/draft/ngram.h"
#include "plugins/draft/prompt_lookup.h"

namespace drafting {

/// From the record's own text; keeps an index of it on the record.
class LookupDrafter final : public Drafter {
 public:
  LookupDrafter(size_t max_tokens, size_t min_match, size_t max_match)
      : max_tokens_(max_tokens), min_match_(min_match), max_match_(max_match) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  retort::Status DraftOne(const retort::sdk::Record& record);
  size_t max_tokens_, min_match_, max_match_;
};

/// From what followed what in the run so far.
class NgramDrafter final : public Drafter {
 public:
  NgramDrafter(size_t max_tokens, size_t min_match, size_t max_match, size_t max_contexts)
      : max_tokens_(max_tokens), min_match_(min_match), ngrams_(max_match, max_contexts) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  retort::Status DraftOne(const retort::sdk::Record& record);
  size_t max_tokens_, min_match_;
  NgramStatistics ngrams_;
};

}  // namespace drafting
