// What a text drafter knows of a record, kept on the record.
#pragma once

#include <retort/sdk.h>

#include <memory>
#include <string>

#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

/// Hangs on the record under the stage's name: a pipeline may have several.
class TextMemory {
 public:
  explicit TextMemory(const std::string& stage) : attachment_("retort.draft.memory/" + stage) {}

  /// The record's own, made on first use; lives as long as the record's attachments.
  retort::Result<TextDrafter::Memory*> Of(const retort::sdk::Record& record, const TextDrafter& drafter) const {
    RETORT_ASSIGN_OR_RETURN(const Attached* const attached, record.AttachmentOr<Attached>(attachment_, [&] {
      return std::make_unique<Attached>(Attached{drafter.NewMemory()});
    }));
    return attached->memory.get();
  }

 private:
  /// An object of one type, whatever the drafter's is.
  struct Attached {
    std::unique_ptr<TextDrafter::Memory> memory;
  };
  std::string attachment_;
};

}  // namespace drafting
