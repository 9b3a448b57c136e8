// `prompt-lookup`: from the record's own text.
#pragma once

#include "plugins/draft/prompt_lookup.h"
#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

/// Keeps an index of each record's text.
class LookupDrafter final : public TextDrafter {
 public:
  LookupDrafter(size_t min_match, size_t max_match) : min_match_(min_match), max_match_(max_match) {}
  std::string_view name() const override { return "prompt-lookup"; }
  std::unique_ptr<Memory> NewMemory() const override { return std::make_unique<Index>(min_match_, max_match_); }
  void Read(Memory& memory, std::span<const int32_t> tokens) override {
    static_cast<Index&>(memory).lookup.Update(tokens);
  }
  Guess Continue(Memory& memory, const Text& text, size_t count) override {
    Guess guess{{}, 0, name()};
    guess.tokens = static_cast<Index&>(memory).lookup.Draft(count, text.ahead, &guess.match);
    return guess;
  }

 private:
  struct Index final : Memory {
    Index(size_t min_match, size_t max_match) : lookup(min_match, max_match) {}
    PromptLookup lookup;
  };
  size_t min_match_, max_match_;
};

}  // namespace drafting
