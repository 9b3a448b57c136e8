// The YAML loader, the checks of a pipeline and the search for fixes: no input may crash them, and every fault has a
// place in the text and something to say.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/graph/lint/fixer.h"
#include "core/graph/lint/lint_report.h"
#include "tests/graph/sample_stages.h"

namespace {

// A fix is searched for one text in eight (the same ones each time) and for short ones: each try checks the whole text.
constexpr size_t kFixedBytes = 1500, kFixedShare = 8;

bool WithFixes(const uint8_t* data, size_t size) {
  size_t sum = size;
  for (size_t i = 0; i < size; ++i) sum = sum * 31 + data[i];
  return size <= kFixedBytes && sum % kFixedShare == 0;
}

void CheckPlaces(const retort::LoadedPipeline& loaded) {
  for (const retort::Diagnostic& d : loaded.diagnostics) {
    if (d.message.empty() || d.place.line < 0 || (d.place.line > 0 && d.place.column < 1)) std::abort();
    if (loaded.source.OffsetOf(d.place) > loaded.source.text().size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const retort::Registry registry = retort::testing::MakeSampleRegistry();
  const retort::SourceText source("input.yaml", std::string(reinterpret_cast<const char*>(data), size));
  retort::LoadOptions options;
  options.advice = true;
  const retort::LoadedPipeline loaded = LoadPipeline(source, registry, options);
  CheckPlaces(loaded);
  retort::LintedFile file{loaded.source, {}};
  for (const retort::Diagnostic& d : loaded.diagnostics) file.findings.push_back({d, {}});
  retort::LintText(file);
  if (loaded.diagnostics.empty() || !WithFixes(data, size)) return 0;
  const retort::Fixer fixer(registry, options);
  file.findings[0].fix = fixer.Find(loaded, file.findings[0].diagnostic);
  retort::LintSarif({&file, 1});
  if (file.findings[0].fix)
    CheckPlaces(LoadPipeline(retort::SourceText("fixed.yaml", ApplyFix(source.text(), *file.findings[0].fix)), registry,
                             options));
  return 0;
}
