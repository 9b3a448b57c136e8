// A drafter that looks into text, as a drafter of the stage.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/shared/drafting/drafter.h"
#include "plugins/shared/drafting/text_drafter.h"
#include "plugins/shared/drafting/text_memory.h"

namespace drafting {

class TextDraft final : public Drafter {
 public:
  TextDraft(std::unique_ptr<TextDrafter> drafter, size_t max_tokens, const std::string& stage)
      : drafter_(std::move(drafter)), max_tokens_(max_tokens), memory_(stage) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;
  retort::Status Close(retort::sdk::Ending ending) override;

 private:
  retort::Status DraftOne(const retort::sdk::Record& record) const;

  std::unique_ptr<TextDrafter> drafter_;
  const size_t max_tokens_;
  const TextMemory memory_;
};

}  // namespace drafting
