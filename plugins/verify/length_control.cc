#include "plugins/verify/length_control.h"

#include <algorithm>

namespace retort_stages {
namespace {

constexpr double kPriorTries = 2;  // of all sequences, for one that has none of its own
constexpr double kFirstTries = 4;  // of kFirstChance, before any draft was verified
constexpr double kFirstChance = 0.6;
constexpr double kKeepOwn = 0.9;       // what is left of a sequence's tries after another draft
constexpr double kKeepAll = 0.998;     // of all sequences'
constexpr double kLeastGain = 1.01;    // over a plain step: below, the difference is the clock's
constexpr size_t kTryAfter = 16;       // idle drafts
constexpr double kLeastChance = 0.02;  // of a token that may join

}  // namespace

void AcceptanceRate::Learn(size_t tried, size_t accepted) {
  // The tokens after the first rejected one were not looked at.
  for (size_t place = 0; place < std::min(tried, accepted + 1); ++place) {
    tried_[Index(place)] += 1;
    accepted_[Index(place)] += place < accepted ? 1 : 0;
  }
}

void AcceptanceRate::Fade(double keep) {
  for (double& value : tried_) value *= keep;
  for (double& value : accepted_) value *= keep;
}

double LengthControl::Chance(const DraftHistory& history, size_t place) const {
  const double of_all = (all_.accepted(place) + kFirstTries * kFirstChance) / (all_.tried(place) + kFirstTries);
  return (history.rate.accepted(place) + kPriorTries * of_all) / (history.rate.tried(place) + kPriorTries);
}

void LengthControl::Choose(std::span<Sequence> sequences) {
  size_t rows = 0;
  tokens_.clear();
  for (size_t s = 0; s < sequences.size(); ++s) {
    Sequence& sequence = sequences[s];
    sequence.length = 0;
    rows += sequence.rows;
    double chance = 1;
    for (size_t place = 0; place < sequence.offered; ++place) {
      chance *= Chance(*sequence.history, place);
      if (chance < kLeastChance) break;
      tokens_.push_back({chance, s});
    }
  }
  // Chances fall along a draft, so a stable sort keeps its tokens in order.
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) { return a.chance > b.chance; });
  size_t best = tokens_.size();
  if (cost_.known()) {
    best = 0;
    auto expected = static_cast<double>(sequences.size());
    double best_goodput = kLeastGain * expected / cost_.Seconds(rows);
    for (size_t i = 0; i < tokens_.size(); ++i) {
      expected += tokens_[i].chance;
      const double goodput = expected / cost_.Seconds(rows + i + 1);
      if (goodput > best_goodput) {
        best_goodput = goodput;
        best = i + 1;
      }
    }
  }
  for (size_t i = 0; i < best; ++i) ++sequences[tokens_[i].sequence].length;
  for (Sequence& sequence : sequences) {
    if (sequence.length == 0 && sequence.offered > 0 && sequence.history->idle >= kTryAfter) sequence.length = 1;
  }
}

void LengthControl::LearnDraft(DraftHistory& history, size_t offered, size_t tried, size_t accepted) {
  if (offered == 0) return;
  if (tried == 0) {
    ++history.idle;
    return;
  }
  history.idle = 0;
  history.rate.Fade(kKeepOwn);
  history.rate.Learn(tried, accepted);
  all_.Fade(kKeepAll);
  all_.Learn(tried, accepted);
}

}  // namespace retort_stages
