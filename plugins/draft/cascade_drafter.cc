#include "plugins/draft/cascade_drafter.h"

namespace drafting {

CascadeDrafter::CascadeDrafter(std::vector<std::unique_ptr<TextDrafter>> drafters)
    : drafters_(std::move(drafters)), names_(size_t{1} << drafters_.size()) {
  names_[0] = name();  // an empty draft
  for (size_t set = 1; set < names_.size(); ++set) {
    for (size_t i = 0; i < drafters_.size(); ++i) {
      if ((set >> i & 1) != 0) names_[set].append(names_[set].empty() ? "" : "+").append(drafters_[i]->name());
    }
  }
}

std::unique_ptr<TextDrafter::Memory> CascadeDrafter::NewMemory() const {
  auto memories = std::make_unique<Memories>();
  for (const auto& drafter : drafters_) memories->of.push_back(drafter->NewMemory());
  return memories;
}

void CascadeDrafter::Read(Memory& memory, std::span<const int32_t> tokens) {
  auto& memories = static_cast<Memories&>(memory);
  for (size_t i = 0; i < drafters_.size(); ++i) drafters_[i]->Read(*memories.of[i], tokens);
}

Guess CascadeDrafter::Continue(Memory& memory, const Text& text, size_t count) {
  auto& memories = static_cast<Memories&>(memory);
  std::vector<int32_t> ahead(text.ahead.begin(), text.ahead.end());
  const size_t given = ahead.size();
  size_t match = 0, set = 0;
  for (size_t i = 0; i < drafters_.size() && ahead.size() - given < count; ++i) {
    const Guess guess = drafters_[i]->Continue(*memories.of[i], {text.tokens, ahead}, count - (ahead.size() - given));
    if (guess.tokens.empty()) continue;
    if (set == 0) match = guess.match;
    set |= size_t{1} << i;
    ahead.insert(ahead.end(), guess.tokens.begin(), guess.tokens.end());
  }
  ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(given));
  return {std::move(ahead), match, names_[set]};
}

retort::Status CascadeDrafter::Finish() {
  for (const auto& drafter : drafters_) RETORT_RETURN_IF_ERROR(drafter->Finish());
  return {};
}

}  // namespace drafting
