// Every file under faults/ says in `# expect: line:column text | more` comments what must be reported, and nothing else
// may be. `text` begins the diagnostic ("error: ..."), `more` stands in what follows it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/graph/pipeline.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

struct Expectation {
  Place place;
  std::string text, more;
};

std::filesystem::path FaultFolder() { return std::filesystem::path(RETORT_FAULT_FOLDER); }

std::vector<std::string> FaultFiles() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(FaultFolder()))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Expectation> ReadExpectations(const std::string& path) {
  constexpr std::string_view kMark = "# expect: ", kMore = " | ";
  std::vector<Expectation> list;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kMark)) continue;
    Expectation expectation;
    char* end = line.data() + kMark.size();
    expectation.place.line = static_cast<int>(std::strtol(end, &end, 10));
    expectation.place.column = static_cast<int>(std::strtol(end + 1, &end, 10));
    const std::string rest = end + 1;
    const size_t bar = rest.find(kMore);
    expectation.text = rest.substr(0, bar);
    if (bar != std::string::npos) expectation.more = rest.substr(bar + kMore.size());
    list.push_back(expectation);
  }
  return list;
}

std::string OneLine(const Diagnostic& d) {
  std::string text = std::string(SeverityName(d.severity)) + ": " + d.message;
  if (!d.expected.empty()) text += "; expected: " + d.expected;
  if (!d.suggestion.empty()) text += "; did you mean `" + d.suggestion + "`?";
  return text;
}

class PipelineFaults : public ::testing::TestWithParam<std::string> {};

TEST_P(PipelineFaults, AreReportedAtTheirPlaces) {
  const std::string path = (FaultFolder() / (GetParam() + ".yaml")).string();
  const std::vector<Expectation> expected = ReadExpectations(path);
  ASSERT_FALSE(expected.empty()) << path << " has no `# expect:`";
  const Registry registry = testing::MakeSampleRegistry();
  auto source = ReadPipelineFile(path);
  ASSERT_TRUE(source.ok()) << source.status().ToString();
  const LoadedPipeline loaded = LoadPipeline(*source, registry, {});
  const std::string report = RenderText(loaded.diagnostics, loaded.source);
  ASSERT_EQ(loaded.diagnostics.size(), expected.size()) << report;
  for (size_t i = 0; i < expected.size(); ++i) {
    const Diagnostic& d = loaded.diagnostics[i];
    const std::string text = OneLine(d);
    EXPECT_EQ(d.file, path);
    EXPECT_EQ(d.place.line, expected[i].place.line) << report;
    EXPECT_EQ(d.place.column, expected[i].place.column) << report;
    EXPECT_TRUE(text.starts_with(expected[i].text)) << "got:      " << text << "\nexpected: " << expected[i].text;
    EXPECT_NE(text.find(expected[i].more), std::string::npos) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, PipelineFaults, ::testing::ValuesIn(FaultFiles()),
                         [](const auto& file) { return file.param; });

}  // namespace
}  // namespace retort
