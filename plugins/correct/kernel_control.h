// `mode: adaptive`: how many tokens the sparse model writes before the next check, and how likely a token must be, by
// what was rolled back of late. Sirius (arXiv 2409.03856) leaves both fixed.
#pragma once

#include <cstddef>

#include "plugins/shared/verifying/step_cost.h"

namespace correcting {

/// What is known of one record. It follows from the record's own checks alone, so that the text of a record does not
/// depend on those beside it.
class RecentChecks {
 public:
  /// Of a check `sparse` tokens were looked at, and the first `stood` of them stood.
  void Learn(size_t sparse, size_t stood);
  /// That a sparse token stands if those before it do.
  double chance() const;
  /// The share of the checks that rolled something back, of late.
  double rollback() const { return rollback_; }
  /// `calm` where nothing was rolled back of late, `strict` where every check was; in between by the power.
  double Threshold(double calm, double strict) const;

 private:
  double tried_ = 0, stood_ = 0;  // recent ones weigh more
  double rollback_ = 0;
};

class KernelControl {
 public:
  /// Costs are seconds as measured, else parameters read.
  explicit KernelControl(bool by_clock) : by_clock_(by_clock) {}
  void LearnStep(size_t rows, double seconds) { cost_.Learn(rows, seconds); }

  struct Drafter {
    double step_density = 0;   // of a sparse step
    double token_seconds = 0;  // of a step for all sequences
    double begin_seconds = 0;  // before it
  };
  /// The number of sparse tokens that gives the most tokens for the cost, 0 where the whole model alone gives more.
  /// With the chance p of each, n - 1 of them and a check give (1 - p^n) / (1 - p) tokens. `sequences`: in a step.
  size_t Best(double chance, const Drafter& drafter, size_t sequences) const;

 private:
  static constexpr size_t kMost = 63;
  double Cost(size_t sparse, const Drafter& drafter, size_t sequences) const;

  bool by_clock_;
  retort_stages::StepCost cost_;
};

}  // namespace correcting
