#include "core/graph/lint/fixer.h"

#include <algorithm>
#include <limits>
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

size_t Faults(const std::vector<Diagnostic>& diagnostics, Severity least) {
  size_t faults = 0;
  for (const Diagnostic& d : diagnostics) {
    if (d.severity == Severity::kError && HidesOthers(d.rule)) faults += kUnreadable;
    faults += d.severity <= least ? 1 : 0;
  }
  return faults;
}

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
  const size_t before = Faults(loaded.diagnostics, fault.severity);
  std::optional<Fix> best;
  size_t least = std::numeric_limits<size_t>::max();
  std::set<std::string> tried = {loaded.source.text()};
  for (const Fix& fix : candidates) {
    std::string text = ApplyFix(loaded.source.text(), fix);
    if (!tried.insert(text).second) continue;
    const LoadedPipeline after = LoadPipeline(SourceText(loaded.source.file(), std::move(text)), registry_, options_);
    const size_t faults = Faults(after.diagnostics, fault.severity);
    if (faults > before || faults >= least || (faults == before && Has(after.diagnostics, fault))) continue;
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
