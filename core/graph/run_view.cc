#include "core/graph/run_view.h"

#include <algorithm>
#include <cmath>

#include "core/graph/report/metric_names.h"

namespace retort {
namespace {

/// Of one source. nullopt: not known.
std::optional<double> Expected(const LiveStage& source) {
  const double made = static_cast<double>(source.stats.records_out + source.stats.failed);
  if (source.load.ended) return made;
  const auto& counters = source.stats.counters;
  const double at_most = CounterOr0(counters, "input_records_at_most");
  const double bytes = CounterOr0(counters, "input_bytes"), read = CounterOr0(counters, "input_bytes_read");
  if (bytes <= 0 || read <= 0 || made <= 0) return std::nullopt;
  const double all = made * std::max(1.0, bytes / read);  // a file that grows was larger than it said
  return at_most > 0 ? std::min(at_most, all) : all;
}

}  // namespace

double RunView::Sum(const std::string& counter) const {
  double sum = 0;
  for (const LiveStage& stage : stages) sum += CounterOr0(stage.stats.counters, counter);
  return sum;
}

std::optional<ExpectedRecords> ExpectRecords(const RunView& view) {
  double records = 0;
  bool exact = true;
  for (const LiveStage& stage : view.stages) {
    if (!stage.source) continue;
    const std::optional<double> expected = Expected(stage);
    if (!expected) return std::nullopt;
    records += *expected;
    exact = exact && stage.load.ended;
  }
  const auto rounded = static_cast<uint64_t>(std::llround(records));
  return ExpectedRecords{std::max(rounded, view.records.admitted), exact};
}

std::optional<double> AcceptanceRate(const RunView& view) {
  const double drafted = view.Sum("draft_tokens");
  if (drafted <= 0) return std::nullopt;
  return view.Sum("accepted_tokens") / drafted;
}

}  // namespace retort
