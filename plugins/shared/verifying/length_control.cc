#include "plugins/shared/verifying/length_control.h"

#include <algorithm>

namespace retort_stages {
namespace {

constexpr double kPriorTries = 6;  // of all sequences, for one that has none of its own
constexpr double kFirstTries = 8;  // of the place before, for one that was not tried yet
constexpr double kFirstChance = 0.7;
constexpr double kKeepOwn = 0.9;       // what is left of a sequence's tries after another draft
constexpr double kKeepAll = 0.998;     // of all sequences'
constexpr double kLeastGain = 1.02;    // over a plain step: below, the difference is the clock's
constexpr double kLeastChance = 0.02;  // of a token that may join
constexpr double kTryShare = 0.015;    // of the time goes into trying what does not seem to pay
constexpr double kMostSpare = 50;      // steps
constexpr double kAlmost = 0.9;        // steps differ

}  // namespace

void AcceptanceRate::Fade(double keep) {
  for (double& value : tried_) value *= keep;
  for (double& value : accepted_) value *= keep;
}

LengthControl::Chances LengthControl::ChancesOfAll(size_t places) const {
  Chances chances{};
  double before = kFirstChance;
  for (size_t place = 0; place < places; ++place) {
    before = (all_.accepted(place) + kFirstTries * before) / (all_.tried(place) + kFirstTries);
    chances[place] = before;
  }
  return chances;
}

double LengthControl::ChanceOf(const DraftHistory& history, size_t place, double of_all) const {
  return (history.rate.accepted(place) + kPriorTries * of_all) / (history.rate.tried(place) + kPriorTries);
}

double LengthControl::Chance(const DraftHistory& history, bool tree, size_t place) const {
  place = std::min(place, AcceptanceRate::kPlaces - 1);
  const Chances of_all = ChancesOfAll(place + 1);
  if (!tree) return ChanceOf(history, place, of_all[place]);
  double least = 1;
  for (size_t at = 0; at <= place; ++at) least = std::min(least, ChanceOf(history, at, of_all[at]));
  return least;
}

/// The tokens that may join, the likeliest first.
void LengthControl::Gather(std::span<Sequence> sequences) {
  tokens_.clear();
  size_t longest = 0;
  for (Sequence& sequence : sequences) {
    sequence.length = 0;
    longest = std::max(longest, std::min(sequence.offered, AcceptanceRate::kPlaces));
  }
  const Chances of_all = ChancesOfAll(longest);
  for (size_t s = 0; s < sequences.size(); ++s) {
    const Sequence& sequence = sequences[s];
    double chance = 1, sum = 0;
    for (size_t place = 0; place < sequence.offered; ++place) {
      const double here = ChanceOf(*sequence.history, place, of_all[std::min(place, longest - 1)]);
      chance = sequence.tree ? std::min(chance, here) : chance * here;
      sum += chance;
      if (sequence.whole) continue;
      if (chance < kLeastChance) break;
      tokens_.push_back({chance, s});
    }
    if (sequence.whole && sequence.offered > 0)
      tokens_.push_back({sum / static_cast<double>(sequence.offered), s, sequence.offered});
  }
  // Chances do not rise along a draft, so a stable sort keeps its tokens in order.
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) { return a.chance > b.chance; });
}

void LengthControl::Choose(std::span<Sequence> sequences) {
  size_t rows = 0;
  for (const Sequence& sequence : sequences) rows += sequence.rows;
  Gather(sequences);
  if (!cost_.known()) {
    for (const Token& token : tokens_) sequences[token.sequence].length += token.count;
    return;
  }
  size_t best = 0, joined = 0, best_joined = 0;
  auto expected = static_cast<double>(sequences.size());
  double best_goodput = kLeastGain * expected / cost_.Seconds(rows), drafting = 0, beginning = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    Sequence& sequence = sequences[token.sequence];
    if (sequence.length == 0) beginning += sequence.begin_seconds;
    sequence.length += token.count;
    joined += token.count;
    drafting = std::max(drafting, static_cast<double>(sequence.length) * sequence.token_seconds);
    expected += token.chance * static_cast<double>(token.count);
    const double goodput = expected / (cost_.Seconds(rows + joined) + drafting + beginning);
    if (goodput > best_goodput) {
      best_goodput = goodput;
      best = i + 1;
      best_joined = joined;
    }
  }
  for (size_t i = best; i < tokens_.size(); ++i) sequences[tokens_[i].sequence].length -= tokens_[i].count;
  TryIdle(sequences, rows + best_joined);
}

/// A token of the sequence that has waited longest, or all of a draft that is not cut, where what it costs has been
/// saved up.
void LengthControl::TryIdle(std::span<Sequence> sequences, size_t rows) {
  Sequence* chosen = nullptr;
  for (Sequence& sequence : sequences) {
    if (sequence.length > 0 || sequence.offered == 0) continue;
    if (chosen == nullptr || sequence.history->idle > chosen->history->idle) chosen = &sequence;
  }
  if (chosen == nullptr || chosen->history->idle == 0) return;
  const size_t length = chosen->whole ? chosen->offered : 1;
  // Never more than what may be saved: what was measured in a bad moment is measured anew some day.
  const double price =
      std::min(chosen->begin_seconds + chosen->token_seconds + cost_.Seconds(rows + length) - cost_.Seconds(rows),
               kMostSpare * cost_.Seconds(rows) * kAlmost);
  if (price > spare_) return;
  spare_ -= price;
  chosen->length = length;
}

void LengthControl::LearnStep(size_t rows, double seconds) {
  cost_.Learn(rows, seconds);
  spare_ = std::min(spare_ + kTryShare * seconds, kMostSpare * seconds);
}

void LengthControl::LearnDraft(DraftHistory& history, bool tree, size_t tried, std::span<const int> path) {
  if (tried == 0) {
    ++history.idle;
    return;
  }
  history.idle = 0;
  history.rate.Fade(kKeepOwn);
  all_.Fade(kKeepAll);
  // Of a chain the tokens after the first rejected one were not looked at.
  const size_t seen = tree ? tried : std::min(tried, path.size() + 1);
  size_t next = 0;
  for (size_t place = 0; place < seen; ++place) {
    const bool stood = next < path.size() && static_cast<size_t>(path[next]) == place;
    if (stood) ++next;
    history.rate.Learn(place, stood);
    all_.Learn(place, stood);
  }
}

}  // namespace retort_stages
