// Runs one test of a pipeline: the pipeline with given records and mocks, and its outcome against what is expected.
#pragma once

#include <string>
#include <vector>

#include "core/graph/pipeline.h"
#include "core/graph/testing/compare.h"

namespace retort {

struct TestResult {
  std::string name;
  Place place;
  std::vector<TestFailure> failures;  // none: it passed
  double seconds = 0;
  bool passed() const { return failures.empty(); }
};

/// Run `test` of the pipeline in `source`. `options`: what is laid over the file for all of its tests; the test's own
/// comes after. `scratch`: a folder for files of the run. Whatever goes wrong is a failure of the test.
TestResult RunTest(const SourceText& source, const Registry& registry, const LoadOptions& options, const TestCase& test,
                   const std::string& scratch);

}  // namespace retort
