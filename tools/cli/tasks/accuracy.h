// How many tasks a way of decoding passes, and what correction wins back of what sparsity loses.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "retort/status.h"
#include "tools/cli/tasks/resample.h"

namespace retort::cli {

struct KindAccuracy {
  std::string kind;
  size_t passed = 0, tasks = 0;
  double accuracy() const { return static_cast<double>(passed) / static_cast<double>(tasks); }
};

/// Of each kind, in the order in which kinds first appear. `passed` has 1 for a task that passed, 0 for one that did
/// not, in the order of `kinds`.
std::vector<KindAccuracy> AccuracyByKind(std::span<const std::string> kinds, const std::vector<double>& passed);

/// (corrected - sparse) / (full - sparse): 0 where correction won nothing back, 1 where it won all, more where it beats
/// the full model. None where full is not above sparse, so that there is nothing to win back.
/// Source: the measure that Zhou et al., Sirius, arXiv 2409.03856, report as recovered performance.
std::optional<double> Recovery(double full, double sparse, double corrected);

/// The share of tasks that passed, with its interval. Errors: those of MeasureRecovery.
Result<Interval> MeasureAccuracy(std::span<const std::string> kinds, const std::vector<double>& passed,
                                 const BootstrapOptions& options);

struct RecoveryFigures {
  Interval full, sparse, corrected;  // accuracies
  Interval lost;                     // full - sparse
  Interval missing;                  // full - corrected
  std::optional<Interval> recovery;  // none where Recovery has none
  double undefined = 0;              // share of resamples in which it had none; they are left out of its interval
};

/// Accuracies of three ways over the same tasks and the recovery, with paired intervals. Each way has a score for each
/// of `kinds`. Errors: kInvalidArgument (no task, lists of different lengths, options out of range).
Result<RecoveryFigures> MeasureRecovery(std::span<const std::string> kinds, const std::vector<double>& full,
                                        const std::vector<double>& sparse, const std::vector<double>& corrected,
                                        const BootstrapOptions& options);

/// Mean of `first` - mean of `second` over the same tasks, with its paired interval. Errors: those of MeasureRecovery.
Result<Interval> MeasureDifference(std::span<const std::string> kinds, const std::vector<double>& first,
                                   const std::vector<double>& second, const BootstrapOptions& options);

}  // namespace retort::cli
