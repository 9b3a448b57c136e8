// A drafter that looks into text, as a drafter of the stage.
#pragma once

#include <memory>
#include <vector>

#include "plugins/draft/drafter.h"
#include "plugins/draft/text_drafter.h"

namespace drafting {

/// What the drafter knows of a record hangs on the record.
class TextDraft final : public Drafter {
 public:
  TextDraft(std::unique_ptr<TextDrafter> drafter, size_t max_tokens)
      : drafter_(std::move(drafter)), max_tokens_(max_tokens) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;
  retort::Status Close(retort::sdk::Ending ending) override;

 private:
  retort::Status DraftOne(const retort::sdk::Record& record) const;

  std::unique_ptr<TextDrafter> drafter_;
  size_t max_tokens_;
};

}  // namespace drafting
