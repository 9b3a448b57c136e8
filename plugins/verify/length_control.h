// How many drafted tokens of each sequence a step verifies, so that it gives the most tokens a second.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "plugins/verify/step_cost.h"

namespace retort_stages {

/// How often drafted tokens were accepted at each place of a draft, given that those before were. Old draws fade.
class AcceptanceRate {
 public:
  static constexpr size_t kPlaces = 16;  // later places are taken to be like the last of these
  /// `accepted` of `tried` tokens of one draft stood.
  void Learn(size_t tried, size_t accepted);
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
/// the time of sum(rows_s + L_s) rows. Tokens join in order of their chance to stand, which falls along each draft,
/// and the best prefix of that order is kept: no other choice of lengths with as many rows has a higher sum.
/// Chances come from the sequence's own history, drawn towards that of all sequences; times from StepCost. A sequence
/// that has verified nothing for a while has one token tried, so that a change of the text is noticed.
/// Goodput is the signal since acceptance alone is the wrong one: what pays for one sequence loses in a full batch.
class LengthControl {
 public:
  struct Sequence {
    size_t rows = 1;     // without the draft
    size_t offered = 0;  // drafted tokens
    DraftHistory* history = nullptr;
    size_t length = 0;  // set by Choose, at most `offered`
  };
  void Choose(std::span<Sequence> sequences);
  /// A step of `rows` rows in all took `seconds`.
  void LearnStep(size_t rows, double seconds) { cost_.Learn(rows, seconds); }
  void LearnDraft(DraftHistory& history, size_t offered, size_t tried, size_t accepted);

  /// The chance of the token at `place` if those before it stood.
  double Chance(const DraftHistory& history, size_t place) const;
  const StepCost& cost() const { return cost_; }

 private:
  StepCost cost_;
  AcceptanceRate all_;
  struct Token {
    double chance;  // that it and all before it stand
    size_t sequence;
  };
  std::vector<Token> tokens_;
};

}  // namespace retort_stages
