#include "plugins/correct/kernel_control.h"

#include <algorithm>
#include <cmath>

namespace correcting {
namespace {

constexpr double kFade = 0.8;           // of what earlier checks weigh
constexpr double kPriorTokens = 6;      // that a new record is taken to have seen,
constexpr double kPriorChance = 0.9;    // standing so often
constexpr double kRollbackShare = 0.2;  // of a check in the mean

}  // namespace

void RecentChecks::Learn(size_t sparse, size_t stood) {
  if (sparse == 0) return;
  // The first one that does not stand is the last that says something.
  tried_ = kFade * tried_ + static_cast<double>(std::min(sparse, stood + 1));
  stood_ = kFade * stood_ + static_cast<double>(stood);
  rollback_ += kRollbackShare * ((stood < sparse ? 1 : 0) - rollback_);
}

double RecentChecks::chance() const { return (stood_ + kPriorTokens * kPriorChance) / (tried_ + kPriorTokens); }

double RecentChecks::Threshold(double calm, double strict) const {
  if (calm <= 0 || strict <= calm) return calm;
  return calm * std::pow(strict / calm, rollback_);
}

double KernelControl::Cost(size_t sparse, const Drafter& drafter, size_t sequences) const {
  const auto tokens = static_cast<double>(sparse);
  if (!by_clock_ || !cost_.known() || drafter.token_seconds <= 0) return tokens * drafter.step_density + 1;
  const double draft = sparse == 0 ? 0 : drafter.begin_seconds + tokens * drafter.token_seconds;
  return draft + cost_.Seconds(sequences * (sparse + 1));
}

size_t KernelControl::Best(double chance, const Drafter& drafter, size_t sequences) const {
  size_t best = 0;
  double rate = 1 / Cost(0, drafter, sequences), expected = 1, stands = 1;
  for (size_t sparse = 1; sparse <= kMost; ++sparse) {
    stands *= chance;
    expected += stands;
    const double next = expected / Cost(sparse, drafter, sequences);
    if (next <= rate) continue;
    rate = next;
    best = sparse;
  }
  return best;
}

}  // namespace correcting
