// `race`: several drafters guess, and the guess with the most tokens to be expected accepted is taken.
#pragma once

#include <array>

#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

/// How often drafted tokens were right.
struct Acceptance {
  uint64_t right = 0, looked_at = 0;
  /// The rate, as if `weight` tokens more had been seen at the rate `before`.
  double Rate(double before, double weight) const {
    return (static_cast<double>(right) + weight * before) / (static_cast<double>(looked_at) + weight);
  }
};

/// Every guess, taken or not, is compared with the text that came about, token by token up to the first that differs.
/// Whoever is to be trusted shows so without being taken. Counted are tokens over all records, by drafter and by the
/// length of the match that led to the guess, and over the record, by drafter; few counts lean on the wider ones.
/// With acceptance a, a guess of L tokens has a + a^2 + ... + a^L to be expected. Ties go to the first drafter.
class RaceDrafter final : public TextDrafter {
 public:
  explicit RaceDrafter(std::vector<std::unique_ptr<TextDrafter>> drafters);
  std::string_view name() const override { return "race"; }
  std::unique_ptr<Memory> NewMemory() const override;
  void Read(Memory& memory, std::span<const int32_t> tokens) override;
  /// `drafter` of the guess is the one that made it.
  Guess Continue(Memory& memory, const Text& text, size_t count) override;
  retort::Status Finish() override;

  /// Of all records so far.
  const Acceptance& acceptance(size_t drafter) const { return counts_[drafter].all; }

 private:
  static constexpr size_t kLongestMatch = 16;
  struct Runner {
    std::unique_ptr<Memory> memory;
    Guess guess;       // the last one
    size_t place = 0;  // in the text
    Acceptance acceptance;
  };
  struct Runners final : Memory {
    std::vector<Runner> of;
  };
  struct Counts {
    Acceptance all;
    std::array<Acceptance, kLongestMatch + 1> by_match;
  };
  static size_t Bucket(const Guess& guess) { return guess.match < kLongestMatch ? guess.match : kLongestMatch; }
  void Judge(size_t drafter, Runner& runner, std::span<const int32_t> tokens);
  double Expected(size_t drafter, const Runner& runner) const;

  std::vector<std::unique_ptr<TextDrafter>> drafters_;
  std::vector<Counts> counts_;
};

}  // namespace drafting
