#include "tools/cli/live/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace retort::cli {
namespace {

constexpr int kBarCells = 16;

std::string Bar(double share) {
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarCells);
  return fmt::format("[{:-<{}}] ", std::string(static_cast<size_t>(full), '#'), kBarCells);
}

/// A run that is being ended early reads no more, whatever its input holds.
std::optional<ExpectedRecords> Expected(const RunView& view) {
  return view.records.not_begun > 0 ? std::nullopt : ExpectRecords(view);
}

std::string RecordsText(const RunView& view, bool bar) {
  const auto expected = Expected(view);
  if (!expected || expected->records == 0)
    return fmt::format("{} of {} records read are done", view.ended(), view.records.admitted);
  const double share = static_cast<double>(view.ended()) / static_cast<double>(expected->records);
  return fmt::format("{}{}/{}{} records ({:.0f} %)", bar ? Bar(share) : "", view.ended(), expected->exact ? "" : "~",
                     expected->records, std::floor(100 * share));
}

}  // namespace

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::optional<double> SecondsLeft(const RunView& view, double seconds) {
  const auto expected = Expected(view);
  if (!expected || seconds < 1 || view.ended() < 3 || expected->records < view.ended()) return std::nullopt;
  const auto done = static_cast<double>(view.ended());
  return seconds * (static_cast<double>(expected->records) - done) / done;
}

std::vector<std::string> ProgressParts(const RunView& view, const ProgressFigures& figures) {
  std::vector<std::string> parts = {RecordsText(view, figures.bar)};
  parts.push_back(fmt::format("{} failed", view.records.failed));
  if (const auto left = SecondsLeft(view, figures.seconds)) parts.push_back("ETA " + DurationText(*left));
  if (view.tokens > 0) parts.push_back(fmt::format("{:.1f} tokens/s", figures.tokens_per_second));
  if (const auto rate = AcceptanceRate(view)) parts.push_back(fmt::format("acceptance {:.0f} %", 100 * *rate));
  if (view.records.not_begun > 0)
    parts.push_back(fmt::format("{} let go before they were begun", view.records.not_begun));
  parts.push_back(DurationText(figures.seconds));
  if (view.tokens > 0) parts.push_back(fmt::format("{} tokens", view.tokens));
  return parts;
}

}  // namespace retort::cli
