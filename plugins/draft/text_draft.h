// A drafter that looks into text, as a drafter of the stage.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/draft/drafter.h"
#include "plugins/draft/text_drafter.h"

namespace drafting {

/// What the drafter knows of a record hangs on the record, under the stage's name: a pipeline may have several.
class TextDraft final : public Drafter {
 public:
  TextDraft(std::unique_ptr<TextDrafter> drafter, size_t max_tokens, const std::string& stage)
      : drafter_(std::move(drafter)), max_tokens_(max_tokens), attachment_("retort.draft.memory/" + stage) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;
  retort::Status Close(retort::sdk::Ending ending) override;

 private:
  retort::Status DraftOne(const retort::sdk::Record& record) const;

  std::unique_ptr<TextDrafter> drafter_;
  const size_t max_tokens_;
  const std::string attachment_;
};

}  // namespace drafting
