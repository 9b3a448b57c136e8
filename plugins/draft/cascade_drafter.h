// `cascade`: drafters one after the other, each going on where the one before found no more.
#pragma once

#include <string>

#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

class CascadeDrafter final : public TextDrafter {
 public:
  /// In the order in which they draft; at most 16.
  explicit CascadeDrafter(std::vector<std::unique_ptr<TextDrafter>> drafters);
  std::string_view name() const override { return "cascade"; }
  std::unique_ptr<Memory> NewMemory() const override;
  void Read(Memory& memory, std::span<const int32_t> tokens) override;
  /// `drafter` of the guess joins the names of those that drafted: "ngram-store+prompt-lookup".
  Guess Continue(Memory& memory, const Text& text, size_t count) override;
  retort::Status Finish() override;

 private:
  struct Memories final : Memory {
    std::vector<std::unique_ptr<Memory>> of;
  };
  std::vector<std::unique_ptr<TextDrafter>> drafters_;
  std::vector<std::string> names_;  // by the set of those that drafted, a bit each
};

}  // namespace drafting
