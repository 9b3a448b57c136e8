// How many drafted tokens of each sequence a step verifies, and how many the next draft should have, so that a second
// gives the most tokens.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "plugins/shared/verifying/step_cost.h"

namespace retort_stages {

/// How often drafted tokens stood, by their place in the draft. In chains: given that those before did; in trees, whose
/// likeliest nodes come first: at all. Old draws fade.
class AcceptanceRate {
 public:
  static constexpr size_t kPlaces = 64;  // later places are taken to be like the last of these
  void Learn(size_t place, bool stood) {
    tried_[Index(place)] += 1;
    accepted_[Index(place)] += stood ? 1 : 0;
  }
  void Fade(double keep);
  double tried(size_t place) const { return tried_[Index(place)]; }
  double accepted(size_t place) const { return accepted_[Index(place)]; }

 private:
  static size_t Index(size_t place) { return place < kPlaces ? place : kPlaces - 1; }
  std::array<double, kPlaces> tried_{}, accepted_{};
};

/// What is known of one sequence's drafts; hangs on its record.
struct DraftHistory {
  AcceptanceRate rate;
  size_t idle = 0;  // drafts in a row of which nothing was verified
};

/// Goodput of a step over sequences s with lengths L_s: (sum over s of 1 + the expected number of accepted tokens) over
/// the time of sum(rows_s + L_s) rows and of what drafting takes. Tokens join in order of their chance to stand, which
/// falls along each draft, and the best prefix of that order is kept: no other choice of lengths with as many rows has
/// a higher sum. A draft that helps as a whole only joins at the mean chance of its tokens. Chances come from the
/// sequence's own history, drawn towards that of all sequences; times from StepCost. Goodput is the signal since
/// acceptance alone is the wrong one: what pays for one sequence loses in a full batch. Sequences that get nothing have
/// a token tried now and then, so that a change of the text is noticed: as often as a small share of the time pays for.
class LengthControl {
 public:
  struct Sequence {
    size_t rows = 1;     // without the draft
    size_t offered = 0;  // drafted tokens, or those that could be
    DraftHistory* history = nullptr;
    bool tree = false;
    bool whole = false;        // all of the draft or nothing
    double token_seconds = 0;  // of drafting one token more, shared by all sequences; 0: they are there already
    double begin_seconds = 0;  // of drafting the first token, beyond that
    size_t length = 0;         // set by Choose, at most `offered`
  };
  void Choose(std::span<Sequence> sequences);
  /// A step of `rows` rows in all took `seconds`.
  void LearnStep(size_t rows, double seconds);
  /// Of a draft `tried` tokens were verified, and those of `path` (by index, each the parent of the next) stood.
  void LearnDraft(DraftHistory& history, bool tree, size_t tried, std::span<const int> path);

  /// The chance that the token at `place` stands: in a chain, if those before it do.
  double Chance(const DraftHistory& history, bool tree, size_t place) const;
  const StepCost& cost() const { return cost_; }

 private:
  using Chances = std::array<double, AcceptanceRate::kPlaces>;
  /// The same for a sequence of which nothing is known, at the first `places`.
  Chances ChancesOfAll(size_t places) const;
  double ChanceOf(const DraftHistory& history, size_t place, double of_all) const;
  void Gather(std::span<Sequence> sequences);
  void TryIdle(std::span<Sequence> sequences, size_t rows);

  StepCost cost_;
  AcceptanceRate all_;
  double spare_ = 0;  // seconds that may go into trying
  /// What joins a step as one: a token, or the whole of a draft that is not cut.
  struct Token {
    double chance;  // that it stands; of several, the mean
    size_t sequence;
    size_t count = 1;
  };
  std::vector<Token> tokens_;
};

}  // namespace retort_stages
