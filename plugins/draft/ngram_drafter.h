// `ngram`: from what followed what in the run so far, and in earlier ones.
#pragma once

#include <string>

#include "plugins/draft/ngram.h"
#include "plugins/draft/ngram_file.h"
#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

struct NgramOptions {
  size_t min_match = 2, max_match = 4;
  size_t max_contexts = 1 << 20;
  double min_share = 0;              // NgramStatistics::Draft
  std::string load = {}, save = {};  // files; empty: none
  retort_stages::TokenSet tokens{};  // of the target; for files
};

/// Learns the text of every record as it is read.
class NgramDrafter final : public TextDrafter {
 public:
  /// Errors: those of LoadNgrams and NgramFile::Begin.
  static retort::Result<std::unique_ptr<TextDrafter>> Create(NgramOptions options);
  std::string_view name() const override { return "ngram"; }
  std::unique_ptr<Memory> NewMemory() const override { return std::make_unique<Learned>(); }
  void Read(Memory& memory, std::span<const int32_t> tokens) override;
  Guess Continue(Memory& memory, const Text& text, size_t count) override;
  retort::Status Finish() override;

 private:
  struct Learned final : Memory {
    size_t tokens = 0;  // of the record, counted already
  };
  explicit NgramDrafter(NgramOptions options)
      : options_(std::move(options)), statistics_(options_.max_match, options_.max_contexts) {}

  const NgramOptions options_;
  NgramStatistics statistics_;
  NgramFile file_;
};

}  // namespace drafting
