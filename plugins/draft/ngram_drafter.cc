#include "plugins/draft/ngram_drafter.h"

namespace drafting {

using retort::Result;
using retort::Status;

Result<std::unique_ptr<TextDrafter>> NgramDrafter::Create(NgramOptions options) {
  std::unique_ptr<NgramDrafter> drafter(new NgramDrafter(std::move(options)));
  const NgramOptions& given = drafter->options_;
  if (!given.load.empty()) {
    RETORT_RETURN_IF_ERROR(LoadNgrams(given.load, given.tokens, &drafter->statistics_).Annotate("load"));
  }
  if (!given.save.empty()) RETORT_RETURN_IF_ERROR(drafter->file_.Begin(given.save).Annotate("save"));
  return std::unique_ptr<TextDrafter>(std::move(drafter));
}

void NgramDrafter::Read(Memory& memory, std::span<const int32_t> tokens) {
  auto& learned = static_cast<Learned&>(memory);
  statistics_.Learn(tokens, learned.tokens);
  learned.tokens = tokens.size();
}

Guess NgramDrafter::Continue(Memory&, const Text& text, size_t count) {
  Guess guess{{}, 0, name()};
  guess.tokens =
      statistics_.Draft(text.Tail(options_.max_match), count, options_.min_match, options_.min_share, &guess.match);
  return guess;
}

Status NgramDrafter::Finish() {
  if (options_.save.empty()) return {};
  return file_.Write(statistics_, options_.tokens).Annotate("save");
}

}  // namespace drafting
