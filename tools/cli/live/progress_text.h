// What the progress of a run says.
#pragma once

#include <string>
#include <vector>

#include "core/graph/run_view.h"

namespace retort::cli {

struct ProgressFigures {
  double seconds = 0;  // since the run began
  double tokens_per_second = 0;
  bool bar = false;  // drawn where the number of records is known
};

/// The most important first: records done of all, rates, acceptance, what is left, failures.
std::vector<std::string> ProgressParts(const RunView& view, const ProgressFigures& figures);

/// Seconds that the run will take on, at its mean speed so far. nullopt: too early to tell (the first second, or fewer
/// than three records), or it is not known how many records there are.
std::optional<double> SecondsLeft(const RunView& view, double seconds);

/// "42 s", "3:07", "1:02:03".
std::string DurationText(double seconds);

}  // namespace retort::cli
