// `ngram-store`: from a corpus that `retort store build` has prepared.
#pragma once

#include <string>

#include "core/model/mapped_file.h"
#include "plugins/shared/drafting/text_drafter.h"
#include "plugins/shared/ngram_store.h"

namespace drafting {

struct StoreOptions {
  std::string path;
  size_t min_match = 2, max_match = 4;
  double min_share = 0;              // of the places of the match, those that a draft still stands for
  retort_stages::TokenSet tokens{};  // of the target
};

/// Follows the most frequent continuation of the longest end of the text that the corpus has.
class StoreDrafter final : public TextDrafter {
 public:
  /// Errors: those of MappedFile::Open and NgramStore::Create.
  static retort::Result<std::unique_ptr<TextDrafter>> Create(StoreOptions options);
  std::string_view name() const override { return "ngram-store"; }
  void Read(Memory&, std::span<const int32_t>) override {}
  Guess Continue(Memory& memory, const Text& text, size_t count) override;

 private:
  StoreDrafter(StoreOptions options, retort::MappedFile file, const retort_stages::NgramStore& store)
      : options_(std::move(options)), file_(std::move(file)), store_(store) {}

  const StoreOptions options_;
  const retort::MappedFile file_;
  const retort_stages::NgramStore store_;
};

}  // namespace drafting
