#include "core/graph/lint/fixer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>

#include "core/graph/lint/fix_candidates.h"

namespace retort {
namespace {

constexpr size_t kMostSteps = 200;
// A file that cannot be read has more faults than any that can.
constexpr size_t kUnreadable = 10 * kMaxDiagnostics;

bool HidesOthers(Rule rule) {
  return rule == Rule::kSyntax || rule == Rule::kEncoding || rule == Rule::kTooLarge || rule == Rule::kEmptyFile ||
         rule == Rule::kNotAMap;
}

/// How many there are of each severity.
struct Faults {
  explicit Faults(const std::vector<Diagnostic>& diagnostics) {
    for (const Diagnostic& d : diagnostics) {
      ++of(d.severity);
      if (d.severity == Severity::kError && HidesOthers(d.rule)) of(d.severity) += kUnreadable;
    }
  }
  size_t& of(Severity severity) { return counts[static_cast<size_t>(severity)]; }
  /// Of `least` and worse.
  size_t Down(Severity least) const {
    return std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(least) + 1, size_t{0});
  }
  /// More of anything that is worse than `severity`: no fix for that.
  bool BreaksWorse(const Faults& before, Severity severity) const {
    return !std::equal(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(severity), before.counts.begin(),
                       [](size_t after, size_t was) { return after <= was; });
  }
  std::array<size_t, 3> counts = {};
};

bool Has(const std::vector<Diagnostic>& diagnostics, const Diagnostic& fault) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [&](const Diagnostic& d) { return d.rule == fault.rule && d.message == fault.message; });
}

}  // namespace

std::optional<Fix> Fixer::Find(const LoadedPipeline& loaded, const Diagnostic& fault) const {
  if (fault.place.line == 0 || fault.place.file != 0) return std::nullopt;
  Diagnostics ignored(loaded.source.file());
  const YamlNodePtr root = ParseYaml(loaded.source, ignored);
  const SourceMap map(loaded.source, root.get());
  const Fixes candidates = FixCandidates(fault, {map, loaded.description, registry_});
  const Faults all_before(loaded.diagnostics);
  const size_t before = all_before.Down(fault.severity);
  std::optional<Fix> best;
  size_t least = std::numeric_limits<size_t>::max();
  std::set<std::string> tried = {loaded.source.text()};
  for (const Fix& fix : candidates) {
    std::string text = ApplyFix(loaded.source.text(), fix);
    if (!tried.insert(text).second) continue;
    const LoadedPipeline after = LoadPipeline(SourceText(loaded.source.file(), std::move(text)), registry_, options_);
    const Faults all_after(after.diagnostics);
    const size_t faults = all_after.Down(fault.severity);
    if (all_after.BreaksWorse(all_before, fault.severity) || faults > before || faults >= least ||
        (faults == before && Has(after.diagnostics, fault)))
      continue;
    least = faults;
    best = fix;
    if (faults < before && (faults == 0 || before - faults == 1) && before < kUnreadable) break;
  }
  return best;
}

Fixer::Fixed Fixer::FixAll(LoadedPipeline loaded) const {
  Fixed fixed{std::move(loaded), {}};
  std::set<std::string> seen = {fixed.loaded.source.text()};
  for (bool progress = true; progress && fixed.steps.size() < kMostSteps;) {
    progress = false;
    for (const Diagnostic& fault : fixed.loaded.diagnostics) {
      if (fault.severity != Severity::kError) continue;
      const std::optional<Fix> fix = Find(fixed.loaded, fault);
      if (!fix) continue;
      std::string text = ApplyFix(fixed.loaded.source.text(), *fix);
      if (!seen.insert(text).second) continue;
      fixed.steps.push_back({fault, fix->title});
      fixed.loaded = LoadPipeline(SourceText(fixed.loaded.source.file(), std::move(text)), registry_, options_);
      progress = true;
      break;
    }
  }
  return fixed;
}

}  // namespace retort
