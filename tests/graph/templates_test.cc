#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/pipeline.h"
#include "core/graph/testing/junit.h"
#include "tests/graph/sample_stages.h"
#include "tests/support/replaced.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Replaced;

constexpr const char* kPipeline = R"(retort: 1
variables: { depth: 5 }
models:
  small: { source: small.gguf }
  large: { source: large.gguf }
templates:
  decode:
    parameters: { model: , max_tokens: 4, stop: ["\n"], label: "x" }
    stages:
      prompt: { uses: prompt, with: { model: "${model}" } }
      draft: { uses: draft, with: { max_tokens: "${max_tokens}" } }
      verify: { uses: verify, with: { model: "${model}", stop: "${stop}" } }
    edges:
      - prompt -> draft
      - draft -> verify
      - { from: verify.continue, to: draft, back: true }
    input: prompt
    outputs: { done: verify.done }
    tests:
      every record is drafted:
        with: { model: small }
        input: [{ id: a }, { id: b }]
        mocks: { prompt: , draft: { set: { drafted: true } }, verify: { emit: done } }
        expect: { output: { done: [{ id: a, drafted: true }, { id: b }] }, stages: { verify: { records_in: 2 } } }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  first: { template: decode, with: { model: small, max_tokens: "${depth}" } }
  second: { template: decode, with: { model: large, stop: [a, b] } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> first
  - first -> second
  - second.done -> write
)";

class Templates : public ::testing::Test {
 protected:
  LoadedPipeline Load(const std::string& text, LoadOptions options = {}) {
    return LoadPipeline(SourceText("p.yaml", text), registry_, options);
  }
  std::string Faults(const std::string& from, const std::string& to) {
    const LoadedPipeline loaded = Load(Replaced(kPipeline, from, to));
    std::string out;
    for (const Diagnostic& fault : loaded.diagnostics)
      out += std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) + ": " + fault.message + "\n";
    return out;
  }
  const Registry registry_ = testing::MakeSampleRegistry();
};

TEST_F(Templates, AStageBecomesThoseOfItsTemplate) {
  const LoadedPipeline loaded = Load(kPipeline);
  ASSERT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics, loaded.source);
  std::vector<std::string> names;
  for (const StageDescription& stage : loaded.description.stages) names.push_back(stage.name);
  EXPECT_THAT(names, ElementsAre("read", "first/prompt", "first/draft", "first/verify", "second/prompt", "second/draft",
                                 "second/verify", "write"));
  std::vector<std::string> edges;
  for (const EdgeDescription& edge : loaded.description.edges)
    edges.push_back(names[edge.from] + "." + std::to_string(edge.port) + ">" + names[edge.to] + (edge.back ? "!" : ""));
  EXPECT_THAT(edges, ElementsAre("read.0>first/prompt", "first/verify.1>second/prompt", "second/verify.1>write",
                                 "first/prompt.0>first/draft", "first/draft.0>first/verify",
                                 "first/verify.0>first/draft!", "second/prompt.0>second/draft",
                                 "second/draft.0>second/verify", "second/verify.0>second/draft!"));
}

TEST_F(Templates, ParametersAreFilledInWithValuesOfAnyKind) {
  const LoadedPipeline loaded = Load(kPipeline);
  const auto value = [&](const char* stage, const char* option) {
    return loaded.description.FindStage(stage)->values.at(option);
  };
  EXPECT_EQ(std::get<int64_t>(value("first/draft", "max_tokens")), 5) << "a variable of the pipeline";
  EXPECT_EQ(std::get<int64_t>(value("second/draft", "max_tokens")), 4) << "the default";
  EXPECT_EQ(std::get<std::string>(value("second/verify", "model")), "large");
  EXPECT_THAT(std::get<std::vector<std::string>>(value("second/verify", "stop")), ElementsAre("a", "b"));
  EXPECT_THAT(std::get<std::vector<std::string>>(value("first/verify", "stop")), ElementsAre("\n"));
  const LoadedPipeline inside =
      Load(Replaced(kPipeline, "stop: \"${stop}\"", "stop: \"<${label}-${label:-none}-$${label}>\""));
  EXPECT_THAT(std::get<std::vector<std::string>>(inside.description.FindStage("first/verify")->values.at("stop")),
              ElementsAre("<x-x-${label}>"));
}

TEST_F(Templates, OverridesChangeParameters) {
  LoadOptions options;
  options.overrides = {{"stages.second.with.max_tokens", "7"}};
  const LoadedPipeline loaded = Load(kPipeline, options);
  ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  EXPECT_EQ(std::get<int64_t>(loaded.description.FindStage("second/draft")->values.at("max_tokens")), 7);
}

TEST_F(Templates, AFaultStandsWhereItsTextStands) {
  EXPECT_EQ(Faults("max_tokens: \"${depth}\"", "max_tokens: 99"),
            "2:14: variable `depth` is never used\n27:64: stage `first/draft`: `max_tokens` is `99`, which is out of "
            "range\n");
  EXPECT_EQ(Faults("max_tokens: 4,", "max_tokens: 0,"),
            "8:40: stage `second/draft`: `max_tokens` is `0`, which is out of range\n");
  EXPECT_EQ(Faults("- prompt -> draft", "- prompt -> drafts"),
            "14:19: an edge names the stage `first/drafts`, which is not declared\n"
            "14:19: an edge names the stage `second/drafts`, which is not declared\n");
}

TEST_F(Templates, FaultsOfTemplates) {
  EXPECT_EQ(Faults("template: decode, with: { model: small,", "template: decod, with: { model: small,"),
            "27:22: stage `first`: there is no template `decod`\n");
  EXPECT_EQ(Faults("with: { model: large, stop", "with: { stop"),
            "28:31: stage `second`: parameter `model` is missing\n");
  EXPECT_EQ(Faults("stop: [a, b]", "stops: [a, b]"), "28:53: stage `second`: there is no `stops` here\n");
  EXPECT_EQ(Faults("first -> second", "first.don -> second"),
            "32:11: stage `first`, which is a template, has no output `don`\n");
  EXPECT_EQ(Faults("    input: prompt\n", ""),
            "30:13: stage `first`, which is a template, has no `input:`\n"
            "31:14: stage `second`, which is a template, has no `input:`\n");
  EXPECT_EQ(Faults("outputs: { done: verify.done }", "outputs: [verify.done]").substr(0, 52),
            "18:14: template `decode`: `outputs` is a list\n32:5: ");
  EXPECT_THAT(Faults("draft: { uses: draft, with",
                     "draft: { template: decode, with: { model: small } }\n      other: { uses: draft, with"),
              HasSubstr("templates stand in one another, more than 8 deep"));
  EXPECT_EQ(Faults("  decode:\n", "  other: []\n  decode:\n"), "7:10: template `other` is a list\n");
  EXPECT_THAT(Faults("  write: {", "  a/b: { uses: draft }\n  write: {"),
              HasSubstr("29:3: stage `a/b`: a stage's name"));
}

TEST_F(Templates, TemplatesMayUseTemplates) {
  const std::string text =
      Replaced(Replaced(kPipeline, "templates:\n", R"(templates:
  twice:
    parameters: { model: }
    stages:
      one: { template: decode, with: { model: "${model}" } }
      two: { template: decode, with: { model: "${model}" } }
    edges: [one -> two]
    input: one
    outputs: { done: two.done }
)"),
               "template: decode, with: { model: large, stop: [a, b] }", "template: twice, with: { model: large }");
  const LoadedPipeline loaded = Load(text);
  ASSERT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics, loaded.source);
  EXPECT_EQ(loaded.description.stages.size(), 11u);
  EXPECT_EQ(std::get<std::string>(loaded.description.FindStage("second/two/verify")->values.at("model")), "large");
}

TEST_F(Templates, WhatTheyMakeIsBounded) {
  const auto load = [&](const std::string& parameters, const std::string& stages, const std::string& edges) {
    std::string text = "retort: 1\nmodels: { m: { source: x.gguf } }\ntemplates:\n  t:\n    parameters: " + parameters +
                       "\n    stages:\n" + stages + "    edges: [" + edges + "]\nstages:\n";
    for (int i = 0; i < 900; ++i) text += "  s" + std::to_string(i) + ": { template: t }\n";
    const auto start = std::chrono::steady_clock::now();
    const LoadedPipeline loaded = Load(text + "edges: []\n");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    return RenderText(loaded.diagnostics, loaded.source);
  };
  std::string values, texts, edges, stages;
  for (int i = 0; i < 3000; ++i) {
    values += "x, ";
    texts += "'x${p}', ";
    edges += "a -> a, ";
    stages += "      a" + std::to_string(i) + ": { uses: draft }\n";
  }
  const auto listing = [](const std::string& list) {
    return "      a: { uses: verify, with: { model: m, stop: [" + list + "x] } }\n";
  };
  const auto refused = HasSubstr("templates make too many stages, edges and values");
  EXPECT_THAT(load("{}", listing(values), ""), refused);
  EXPECT_THAT(load("{ p: '" + std::string(60000, 'y') + "' }", listing(texts), ""), refused);
  EXPECT_THAT(load("{}", "      a: { uses: draft }\n", edges + "a -> a"), refused);
  EXPECT_THAT(load("{}", stages, ""), refused);
}

TEST_F(Templates, TheirTestsRunThemAlone) {
  const testing::TemporaryFolder folder;
  const auto run = [&](const std::string& text) {
    LoadOptions options;
    options.template_test = TemplateTest{"decode", "every record is drafted"};
    const LoadedPipeline loaded = Load(text, options);
    std::string out = RenderText(loaded.diagnostics, loaded.source);
    for (const TestCase& test : loaded.description.tests) {
      for (const TestFailure& failure : RunTest(loaded.source, registry_, options, test, folder.path()).failures)
        out += FailureText("p", failure);
    }
    return out + std::to_string(loaded.description.tests.size()) + " run\n";
  };
  const auto tests = Load(kPipeline).template_tests;
  ASSERT_EQ(tests.size(), 1u);
  EXPECT_EQ(tests[0].name + "/" + tests[0].test, "decode/every record is drafted");
  EXPECT_EQ(run(kPipeline), "1 run\n");
  EXPECT_EQ(run(Replaced(kPipeline, "records_in: 2", "records_in: 3")),
            "p:24:96: failure: stage `decode/verify`: `/records_in`\n  expected: 3\n    actual: 2\n1 run\n");
  EXPECT_THAT(run(Replaced(kPipeline, "with: { model: small }\n", "with: {}\n")),
              HasSubstr("21:9: error: stage `decode`: parameter `model` is missing"));
  EXPECT_THAT(
      run(Replaced(kPipeline, "output: { done:", "output: { dune:")),
      HasSubstr("p.yaml:24:29: error: test `every record is drafted`: `output`: the pipeline has no stage `(dune)`"));
}

}  // namespace
}  // namespace retort
