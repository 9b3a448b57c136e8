#include "core/graph/include.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/pipeline.h"
#include "core/graph/plan.h"
#include "tests/graph/sample_stages.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr const char* kParts = R"(name: parts
variables: { input: in.jsonl, unused: 1 }
models:
  target: { source: tiny.gguf, device: cpu }
  spare: { source: spare.gguf }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: target } }
edges:
  - read -> prompt
tests: { other: { expect: { count: 1 } } }
)";

constexpr const char* kPipeline = R"(retort: 1
name: whole
include: parts.yaml
variables: { input: other.jsonl }
models: { target: { device: ref } }
stages:
  draft: { uses: draft }
  verify: { uses: verify, with: { model: target } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";

class Include : public ::testing::Test {
 protected:
  LoadedPipeline Load(const std::string& text, const std::string& file = "p.yaml") {
    return LoadPipeline(SourceText(folder_.path() + "/" + file, text), registry_, {});
  }
  /// The report without the folder's name.
  std::string Report(const LoadedPipeline& loaded) {
    std::string text = RenderText(loaded.diagnostics, loaded.source);
    for (size_t at = text.find(folder_.path()); at != std::string::npos; at = text.find(folder_.path()))
      text.erase(at, folder_.path().size() + 1);
    return text;
  }
  testing::TemporaryFolder folder_;
  const Registry registry_ = testing::MakeSampleRegistry();
};

TEST_F(Include, TheFileLiesOverWhatItIncludes) {
  folder_.Write("parts.yaml", kParts);
  const LoadedPipeline loaded = Load(kPipeline);
  ASSERT_EQ(Report(loaded), "");
  const PipelineDescription& pipeline = loaded.description;
  EXPECT_EQ(pipeline.name, "whole");
  EXPECT_EQ(pipeline.variables.at("input"), "other.jsonl");
  EXPECT_EQ(pipeline.FindModel("target")->config.source, "tiny.gguf");
  EXPECT_EQ(pipeline.FindModel("target")->config.device, "ref");
  EXPECT_EQ(pipeline.stages.size(), 5u);
  EXPECT_EQ(pipeline.edges.size(), 5u);
  EXPECT_TRUE(pipeline.tests.empty()) << "tests are of the file in which they stand";
  ASSERT_EQ(pipeline.included.size(), 1u);
  EXPECT_THAT(pipeline.included[0], HasSubstr("parts.yaml"));
}

TEST_F(Include, PathsAreRelativeToTheFileThatNamesThem) {
  ASSERT_EQ(std::system(("mkdir -p " + folder_.path() + "/a/b").c_str()), 0);
  folder_.Write("a/first.yaml", "include: [b/second.yaml]\nmodels: { target: { weights: q8_0 } }\n");
  folder_.Write("a/b/second.yaml",
                "include: ../../parts.yaml\nmodels: { target: { weights: f16, context_length: 64 } }\n");
  folder_.Write("parts.yaml", kParts);
  std::string text = kPipeline;
  text.replace(text.find("parts.yaml"), 10, "a/first.yaml");
  const LoadedPipeline loaded = Load(text);
  ASSERT_EQ(Report(loaded), "");
  EXPECT_EQ(loaded.description.FindModel("target")->config.weights, "q8_0") << "what includes lies over it";
  EXPECT_EQ(loaded.description.FindModel("target")->config.context_length, 64);
}

TEST_F(Include, LaterFilesLieOverEarlierOnes) {
  folder_.Write("parts.yaml", kParts);
  folder_.Write("more.yaml", "models: { target: { source: other.gguf } }\n");
  std::string text = kPipeline;
  text.replace(text.find("parts.yaml"), 10, "[parts.yaml, more.yaml]");
  const LoadedPipeline loaded = Load(text);
  ASSERT_EQ(Report(loaded), "");
  EXPECT_EQ(loaded.description.FindModel("target")->config.source, "other.gguf");
}

TEST_F(Include, FaultsArePlacedInTheFileInWhichTheyStand) {
  std::string parts = kParts;
  parts.replace(parts.find("device: cpu"), 11, "device: gpu");
  parts.replace(parts.find("${input}"), 8, "${inputs}");
  folder_.Write("parts.yaml", parts);
  EXPECT_EQ(Report(Load(kPipeline)),
            "parts.yaml:7:44: error: there is no variable `inputs`\n"
            "  7 |   read: { uses: read-jsonl, with: { path: \"${inputs}\" } }\n"
            "    |                                            ^\n"
            "  expected: a default under `variables:`, or a value with `-s inputs=...`\n"
            "  did you mean `input`?\n");
  folder_.Write("parts.yaml", "models: [\n");
  EXPECT_THAT(Report(Load(kPipeline)), HasSubstr("parts.yaml:1:9: error: this is not YAML"));
  folder_.Write("parts.yaml", "- 1\n");
  EXPECT_THAT(Report(Load(kPipeline)),
              HasSubstr("parts.yaml:1:1: error: an included file is a map, but here is a list"));
  folder_.Write("parts.yaml", "edges:\n  - raed -> prompt\nextra: 1\n");
  const std::string report = Report(Load(kPipeline));
  EXPECT_THAT(report, HasSubstr("parts.yaml:2:5: error: an edge names the stage `raed`"));
  EXPECT_THAT(report, HasSubstr("parts.yaml:3:1: error: the pipeline: there is no `extra` here"));
}

TEST_F(Include, APlanNamesTheFileOfAModelThatIsNotThere) {
  folder_.Write("parts.yaml", kParts);
  const LoadedPipeline loaded = Load(kPipeline);
  ASSERT_EQ(Report(loaded), "");
  const auto plan = MakePlan(loaded.description, "p.yaml");
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.status().message(), HasSubstr("/parts.yaml:5:3: error: model `spare`"));
  EXPECT_THAT(plan.status().message(), HasSubstr("p.yaml:5:11: error: model `target`"));
}

TEST_F(Include, WhatCannotBeIncludedIsRefused) {
  EXPECT_THAT(Report(Load(kPipeline)), HasSubstr("p.yaml:3:10: error: `include`: parts.yaml: there is no such file"));
  folder_.Write("parts.yaml", "include: other.yaml\n");
  folder_.Write("other.yaml", "include: parts.yaml\n");
  EXPECT_THAT(Report(Load(kPipeline)), HasSubstr("other.yaml:1:10: error: `parts.yaml` includes itself"));
  folder_.Write("parts.yaml", "include: p.yaml\n");
  EXPECT_THAT(Report(Load(kPipeline)), HasSubstr("parts.yaml:1:10: error: `p.yaml` includes itself"));
  for (const char* path : {"/dev/zero", ".", "[[]]", "''", "{}"}) {
    std::string text = kPipeline;
    text.replace(text.find("parts.yaml"), 10, path);
    EXPECT_THAT(Report(Load(text)), HasSubstr("p.yaml:3:1")) << path;
  }
}

TEST_F(Include, HowMuchIsIncludedIsBounded) {
  folder_.Write("a.yaml", "include: [b.yaml, b.yaml, b.yaml, b.yaml]\n");
  folder_.Write("b.yaml", "include: [c.yaml, c.yaml, c.yaml, c.yaml]\n");
  folder_.Write("c.yaml", "include: [d.yaml, d.yaml, d.yaml, d.yaml]\n");
  folder_.Write("d.yaml", "models: {}\n");
  std::string text = kPipeline;
  text.replace(text.find("parts.yaml"), 10, "a.yaml");
  EXPECT_THAT(Report(Load(text)), HasSubstr("error: more than 32 files are included"));
}

}  // namespace
}  // namespace retort
