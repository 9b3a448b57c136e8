#include "core/graph/testing/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/graph/drawing/xml_text.h"

namespace retort {
namespace {

size_t Failed(const TestedPipeline& pipeline) {
  return static_cast<size_t>(std::count_if(pipeline.results.begin(), pipeline.results.end(),
                                           [](const TestResult& result) { return !result.passed(); }));
}

double Seconds(const TestedPipeline& pipeline) {
  double seconds = 0;
  for (const TestResult& result : pipeline.results) seconds += result.seconds;
  return seconds;
}

}  // namespace

std::string FailureText(const std::string& file, const TestFailure& failure) {
  std::string text =
      fmt::format("{}:{}:{}: failure: {}\n", file, failure.place.line, failure.place.column, failure.what);
  if (!failure.expected.empty()) text += "  expected: " + failure.expected + "\n";
  if (!failure.actual.empty()) text += "    actual: " + failure.actual + "\n";
  return text;
}

std::string JunitXml(const std::vector<TestedPipeline>& pipelines) {
  size_t tests = 0, failed = 0;
  double seconds = 0;
  std::string suites;
  for (const TestedPipeline& pipeline : pipelines) {
    tests += pipeline.results.size();
    failed += Failed(pipeline);
    seconds += Seconds(pipeline);
    suites += fmt::format(
        "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n",
        XmlText(pipeline.name), XmlText(pipeline.file), pipeline.results.size(), Failed(pipeline), Seconds(pipeline));
    for (const TestResult& result : pipeline.results) {
      suites += fmt::format("    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3f}\"",
                            XmlText(result.name), XmlText(pipeline.name), XmlText(pipeline.file), result.place.line,
                            result.seconds);
      if (result.passed()) {
        suites += "/>\n";
        continue;
      }
      suites += ">\n";
      for (const TestFailure& failure : result.failures)
        suites += fmt::format("      <failure message=\"{}\">{}</failure>\n", XmlText(failure.what),
                              XmlText(FailureText(pipeline.file, failure)));
      suites += "    </testcase>\n";
    }
    suites += "  </testsuite>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\" errors=\"0\" "
      "time=\"{:.3f}\">\n"
      "{}</testsuites>\n",
      tests, failed, seconds, suites);
}

}  // namespace retort
