// Results of tests as JUnit's XML, which build servers show.
#pragma once

#include <string>
#include <vector>

#include "core/graph/testing/run_test.h"

namespace retort {

struct TestedPipeline {
  std::string file, name;
  std::vector<TestResult> results;
};

std::string JunitXml(const std::vector<TestedPipeline>& pipelines);

/// `FILE:line:column: failure: what`, then what was expected and what came, each on its line.
std::string FailureText(const std::string& file, const TestFailure& failure);

}  // namespace retort
