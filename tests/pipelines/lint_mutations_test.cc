// Every shipped pipeline with every fault that mutations.h can make: refused, at its place, and put right by --fix.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/pipelines/mutations.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

struct Case {
  std::string name;
  Mutation mutation;
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() + "/pipelines")) {
    if (entry.path().extension() != ".yaml") continue;
    for (Mutation& mutation : MutatePipeline(ReadFile(entry.path().string())))
      cases.push_back(
          {entry.path().stem().string() + "-" + std::to_string(cases.size()) + ".yaml", std::move(mutation)});
  }
  return cases;
}

std::map<std::string, std::vector<Json>> Lint(const std::vector<Case>& cases, const TemporaryFolder& folder, bool fix) {
  std::map<std::string, std::vector<Json>> found;
  constexpr size_t kAtOnce = 500;
  for (size_t begin = 0; begin < cases.size(); begin += kAtOnce) {
    std::vector<std::string> arguments = {"lint", "--format", "json"};
    if (fix) arguments.push_back("--fix");
    for (size_t i = begin; i < std::min(cases.size(), begin + kAtOnce); ++i) arguments.push_back(cases[i].name);
    const Finished finished = RunRetort(arguments, "", folder.path());
    EXPECT_TRUE(finished.exit_code == 0 || finished.exit_code == 2) << finished.exit_code << finished.err;
    for (Json& fault : Json::parse(finished.out)) {
      const std::string file = fault.at("file");
      if (fault.at("severity") == "error") found[file].push_back(std::move(fault));
    }
  }
  return found;
}

TEST(LintMutations, AreRefusedAtTheirPlacesAndPutRight_slow) {
  const TemporaryFolder folder;
  const std::vector<Case> cases = AllCases();
  ASSERT_GE(cases.size(), 500u);
  for (const Case& c : cases) folder.Write(c.name, c.mutation.text);
  const auto before = Lint(cases, folder, false), after = Lint(cases, folder, true);
  size_t fixed = 0, offered = 0;
  std::map<std::string, int> stay;
  for (const Case& c : cases) {
    const auto faults = before.find(c.name);
    if (faults == before.end()) {
      ADD_FAILURE() << c.mutation.kind << " is not refused:\n" << c.mutation.text;
      continue;
    }
    const auto at = [&](const Json& fault) {
      return std::any_of(c.mutation.places.begin(), c.mutation.places.end(), [&](const Place& place) {
        return fault["line"] == place.line && fault["column"] == place.column;
      });
    };
    EXPECT_TRUE(std::any_of(faults->second.begin(), faults->second.end(), at))
        << c.mutation.kind << ": " << Json(faults->second).dump(1) << "\nexpected at " << c.mutation.places[0].line
        << ":" << c.mutation.places[0].column << " of\n"
        << c.mutation.text;
    // One slip is one fault, but what was meant may be missing as well.
    const bool misspelt = c.mutation.kind.find("misspelt") != std::string::npos;
    EXPECT_LE(faults->second.size(), misspelt                             ? 1u
                                     : c.mutation.kind == "stage renamed" ? 5u
                                                                          : 3u)
        << c.mutation.kind << ": " << Json(faults->second).dump(1) << c.mutation.text;
    offered += faults->second[0]["fix"].is_null() ? 0 : 1;
    after.contains(c.name) ? ++stay[c.mutation.kind] : ++fixed;
  }
  RecordProperty("mutations", static_cast<int>(cases.size()));
  RecordProperty("fixed", static_cast<int>(fixed));
  std::string kinds;
  for (const auto& [kind, count] : stay) kinds += "  " + kind + ": " + std::to_string(count) + "\n";
  std::cout << cases.size() << " faults, a fix offered for " << offered << ", clean after --fix " << fixed << "\n"
            << kinds;
  EXPECT_GE(fixed, cases.size() * 95 / 100) << kinds;
  EXPECT_GE(offered, cases.size() * 95 / 100);
}

}  // namespace
}  // namespace retort::testing
