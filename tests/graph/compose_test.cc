#include "core/graph/compose.h"

#include <gtest/gtest.h>

#include "core/graph/pipeline.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

constexpr const char* kPipeline = R"(retort: 1
variables: { input: in.jsonl }
engine: { credits: 7 }
models:
  target: { source: tiny.gguf, device: cpu }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: target } }
  draft: { uses: draft, with: { max_tokens: 4 } }
  verify: { uses: verify, with: { model: target } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
profiles:
  gpu: { models: { target: { device: "cuda:1" } } }
  long:
    variables: { input: other.jsonl }
    stages: { draft: { with: { max_tokens: 9 }, max_batch: 3 } }
  wrong:
    models: { target: { device: gpu } }
)";

class Compose : public ::testing::Test {
 protected:
  LoadedPipeline Load(std::vector<std::string> profiles, Overrides overrides = {}, std::string text = kPipeline) {
    LoadOptions options;
    options.profiles = std::move(profiles);
    options.overrides = std::move(overrides);
    return LoadPipeline(SourceText("p.yaml", std::move(text)), registry_, options);
  }
  static std::string Report(const LoadedPipeline& loaded) { return RenderText(loaded.diagnostics, loaded.source); }
  /// The one fault of a pipeline that is not right.
  static Diagnostic Fault(const LoadedPipeline& loaded) {
    EXPECT_EQ(loaded.diagnostics.size(), 1u) << Report(loaded);
    return loaded.diagnostics.empty() ? Diagnostic{} : loaded.diagnostics[0];
  }
  const Registry registry_ = testing::MakeSampleRegistry();
};

TEST_F(Compose, WithoutAProfileTheFileStandsAsItIs) {
  const LoadedPipeline loaded = Load({});
  ASSERT_TRUE(loaded.diagnostics.empty()) << Report(loaded);
  EXPECT_EQ(loaded.profiles, (std::vector<std::string>{"gpu", "long", "wrong"}));
  EXPECT_EQ(loaded.description.FindModel("target")->config.device, "cpu");
}

TEST_F(Compose, ProfilesGoOverTheFileKeyByKey) {
  const LoadedPipeline loaded = Load({"gpu", "long"});
  ASSERT_TRUE(loaded.diagnostics.empty()) << Report(loaded);
  EXPECT_EQ(loaded.description.FindModel("target")->config.device, "cuda:1");
  EXPECT_EQ(loaded.description.FindModel("target")->config.source, "tiny.gguf");
  EXPECT_EQ(loaded.description.FindStage("draft")->values.at("max_tokens"), OptionValue(int64_t{9}));
  EXPECT_EQ(loaded.description.FindStage("draft")->max_batch, 3u);
  EXPECT_EQ(loaded.description.FindStage("read")->values.at("path"), OptionValue(std::string("other.jsonl")));
}

TEST_F(Compose, AFaultUnderAProfileHasTheProfilesPlace) {
  const Diagnostic fault = Fault(Load({"wrong"}));
  EXPECT_EQ(fault.rule, Rule::kUnknownDevice);
  EXPECT_EQ(fault.place, (Place{24, 33}));
}

TEST_F(Compose, AnUnknownProfileIsRefusedWithTheNearest) {
  const Diagnostic fault = Fault(Load({"gqu"}));
  EXPECT_EQ(fault.rule, Rule::kUnknownProfile);
  EXPECT_EQ(fault.suggestion, "gpu");
}

TEST_F(Compose, ValuesAreSetByTheirPath) {
  const LoadedPipeline loaded = Load({"long"}, {{"stages.draft.with.max_tokens", "6"},
                                                {"stages.write.order", "input"},
                                                {"models.target.weights", "q8_0"},
                                                {"engine.credits", "3"},
                                                {"stages.read.with.path", "a ${b} c"}});
  ASSERT_TRUE(loaded.diagnostics.empty()) << Report(loaded);  // that `input` is used no more is not the file's fault
  EXPECT_EQ(loaded.description.FindStage("draft")->values.at("max_tokens"), OptionValue(int64_t{6}));
  EXPECT_TRUE(loaded.description.FindStage("write")->ordered);
  EXPECT_EQ(loaded.description.FindModel("target")->config.weights, "q8_0");
  EXPECT_EQ(loaded.description.engine.credits, 3);
  EXPECT_EQ(loaded.description.FindStage("read")->values.at("path"), OptionValue(std::string("a ${b} c")));
}

TEST_F(Compose, AStageWithoutOptionsGetsThem) {
  std::string text = kPipeline;
  const std::string with = ", with: { max_tokens: 4 }";
  text.erase(text.find(with), with.size());
  const LoadedPipeline loaded = Load({}, {{"stages.draft.with.max_tokens", "5"}}, text);
  ASSERT_TRUE(loaded.ok()) << Report(loaded);
  EXPECT_EQ(loaded.description.FindStage("draft")->values.at("max_tokens"), OptionValue(int64_t{5}));
}

TEST_F(Compose, WrongPathsAndValuesAreSaidOfTheCommandLine) {
  EXPECT_EQ(Fault(Load({}, {{"stages.darft.with.max_tokens", "5"}})).suggestion, "draft");
  EXPECT_EQ(Fault(Load({}, {{"models.traget.device", "cpu"}})).suggestion, "target");
  for (const char* path :
       {"stages.draft", "stages.draft.with", "stages.draft.max_batch.x", "edges.0", "a.b", "engine.", "."})
    EXPECT_EQ(Fault(Load({}, {{path, "5"}})).rule, Rule::kOverride) << path;
  const Diagnostic value = Fault(Load({}, {{"stages.draft.with.max_tokens", "many"}}));
  EXPECT_EQ(value.rule, Rule::kWrongValue);
  EXPECT_EQ(value.place.line, 0);
  EXPECT_EQ(Fault(Load({}, {{"stages.draft.with.max_tokes", "5"}})).suggestion, "max_tokens");
  EXPECT_EQ(Fault(Load({}, {{"stages.draft.with.max_tokens", "[1, 2]"}})).rule, Rule::kWrongKind);
  EXPECT_EQ(Fault(Load({}, {{"stages.draft.with.max_tokens", "[1, 2"}})).rule, Rule::kOverride);
}

TEST_F(Compose, ProfilesThatAreNoMapsAreRefused) {
  std::string text = kPipeline;
  text.replace(text.find("{ models: { target: { device: \"cuda:1\" } } }"), 43, "fast");
  EXPECT_EQ(Fault(Load({}, {}, text)).rule, Rule::kWrongKind);
  text.resize(text.find("profiles:"));
  EXPECT_EQ(Fault(Load({}, {}, text + "profiles: [gpu]\n")).rule, Rule::kWrongSection);
  EXPECT_TRUE(Load({}, {}, text + "profiles:\n").ok());
}

}  // namespace
}  // namespace retort
