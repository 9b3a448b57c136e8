// `retort lossless` on a tiny model: what is lossless passes, every fault that the drafts can show is found.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

constexpr const char* kPipeline = R"(retort: 1
name: tested
variables:
  input: in.jsonl
  output: out.jsonl
  drafting: sampled
  temperature: 0.8
  top_p: 1
  rule: lossless
engine: { seed: 5 }
models:
  target: { source: tiny.gguf, device: cpu, precision: exact }
  small:  { source: other.gguf, device: cpu, precision: exact }
stages:
  read:   { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: target } }
  draft:  { uses: draft, with: DRAFTER }
  verify:
    uses: verify
    with: { model: target, rule: "${rule}", max_tokens: 64, temperature: "${temperature}", top_p: "${top_p}" }
  write:  { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";
constexpr const char* kModelDrafts =
    "{ drafter: model, model: small, target: target, drafting: \"${drafting}\", max_tokens: 3 }";
constexpr const char* kLookaheadDrafts = "{ drafter: lookahead, window: 3, ngram: 3, guesses: 4 }";
constexpr const char* kNgramDrafts = "{ drafter: ngram, max_tokens: 3, min_match: 1 }";

std::string PipelineWith(const std::string& drafter) {
  std::string text = kPipeline;
  text.replace(text.find("DRAFTER"), 7, drafter);
  if (drafter != kModelDrafts) {  // every variable is used
    text.erase(text.find("  drafting: sampled\n"), 20);
  }
  return text;
}

class Lossless : public ::testing::Test {
 protected:
  Lossless() {
    TinyModel model{.layers = 1, .hidden = 32, .heads = 2, .kv_heads = 1, .ffn = 48};
    WriteTinyModel(folder_.path() + "/tiny.gguf", model);
    model.seed = 2;
    WriteTinyModel(folder_.path() + "/other.gguf", model);
    folder_.Write("model.yaml", PipelineWith(kModelDrafts));
    folder_.Write("ngram.yaml", PipelineWith(kNgramDrafts));
    folder_.Write("lookahead.yaml", PipelineWith(kLookaheadDrafts));
  }

  Finished Test(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "lossless");
    arguments.emplace_back("--json");
    Finished finished = RunRetort(arguments, "", folder_.path());
    json_ = nlohmann::json::parse(finished.out, nullptr, false);
    return finished;
  }

  TemporaryFolder folder_;
  nlohmann::json json_;
};

TEST_F(Lossless, DrawnDraftsKeepTheLaw) {
  const Finished finished = Test({"model.yaml", "--draws", "1000"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_EQ(json_["lossless"], true);
  EXPECT_EQ(json_["completions"], 1000);
  EXPECT_GT(json_["sampled_tokens"], 7000);
  EXPECT_GT(json_["acceptance_length"], 1);
  EXPECT_EQ(json_["cells"].size(), 22u);  // two orders of eight tokens, all of them, and pairs
  EXPECT_EQ(folder_.Read("out.jsonl"), "");
}

TEST_F(Lossless, ArgmaxDraftsKeepTheLaw) {
  const Finished finished = Test({"model.yaml", "--draws", "1000", "-s", "drafting=argmax"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
}

TEST_F(Lossless, NgramDraftsKeepTheLaw) {
  const Finished finished = Test({"ngram.yaml", "--draws", "1000"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
}

TEST_F(Lossless, LookaheadDraftsKeepTheLaw) {
  const Finished finished = Test({"lookahead.yaml", "--draws", "1000", "-s", "top_p=0.9"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_GT(json_["acceptance_length"], 1);
  const Finished faulty = Test({"lookahead.yaml", "--draws", "1000", "--inject-fault", "next-position-resample"});
  EXPECT_EQ(faulty.exit_code, 1) << faulty.out << faulty.err;
}

TEST_F(Lossless, CutsAreOfTheLaw) {
  const Finished finished = Test({"model.yaml", "--quick", "-s", "top_p=0.7"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
}

TEST_F(Lossless, EveryFaultOfDrawnDraftsIsFound) {
  for (const std::string fault : {"argmax-as-sampled", "residual-by-position", "next-position-resample"}) {
    const Finished finished = Test({"model.yaml", "--draws", "1000", "--inject-fault", fault});
    EXPECT_EQ(finished.exit_code, 1) << fault << finished.out << finished.err;
    EXPECT_EQ(json_["lossless"], false) << fault;
    EXPECT_EQ(json_["injected_fault"], fault);
    EXPECT_LT(json_["smallest_p_corrected"], 1e-6) << fault;
  }
}

TEST_F(Lossless, ADraftBeforeTopPIsFound) {
  std::string close = PipelineWith(kModelDrafts);  // drafts that are mostly right show it best
  close.replace(close.find("other.gguf"), 10, "tiny.gguf, weights: q4_0");
  folder_.Write("close.yaml", close);
  const std::vector<std::string> arguments = {"close.yaml", "--draws", "4000", "-s", "top_p=0.5"};
  EXPECT_EQ(Test(arguments).exit_code, 0);
  EXPECT_GT(json_["acceptance_length"], 1.5);
  std::vector<std::string> faulty = arguments;
  faulty.insert(faulty.end(), {"--inject-fault", "draft-before-top-p"});
  const Finished finished = Test(faulty);
  EXPECT_EQ(finished.exit_code, 1) << finished.out << finished.err;
}

TEST_F(Lossless, TheFaultThatPointMassesCanShowIsFound) {
  const std::string fault = "next-position-resample";
  const Finished argmax = Test({"model.yaml", "--draws", "1000", "-s", "drafting=argmax", "--inject-fault", fault});
  EXPECT_EQ(argmax.exit_code, 1) << argmax.out << argmax.err;
  const Finished ngram = Test({"ngram.yaml", "--draws", "1000", "--inject-fault", fault});
  EXPECT_EQ(ngram.exit_code, 1) << ngram.out << ngram.err;
}

TEST_F(Lossless, AtTemperatureZeroEveryTokenIsTheArgmax) {
  const Finished good = Test({"model.yaml", "-s", "temperature=0"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_EQ(json_["sampled_tokens"], 0);
  EXPECT_GT(json_["argmax_tokens"], 100);
  EXPECT_EQ(json_["near_ties"], 0);
  const Finished bad = Test({"model.yaml", "-s", "temperature=0", "--inject-fault", "next-position-resample"});
  EXPECT_EQ(bad.exit_code, 1) << bad.out << bad.err;
  EXPECT_GT(json_["forbidden_tokens"], 0);
}

TEST_F(Lossless, ALossyRuleIsNotLossless) {
  const Finished finished = RunRetort(
      {"lossless", "model.yaml", "--draws", "1000", "-s", "rule=typical", "-s", "drafting=argmax"}, "", folder_.path());
  EXPECT_EQ(finished.exit_code, 1) << finished.out << finished.err;
  EXPECT_NE(finished.out.find("Not lossless: the text does not have the law of `target`."), std::string::npos)
      << finished.out;
  EXPECT_NE(finished.out.find("`rule: lossless` keeps it"), std::string::npos) << finished.out;
}

TEST_F(Lossless, TheRecordsOfTheUserAreDrawnFromManyTimes) {
  folder_.Write("mine.jsonl", "{\"id\":\"a\",\"prompt\":\"the\",\"sampling\":{\"top_k\":5}}\n");
  const Finished finished = Test({"model.yaml", "--draws", "300", "-s", "input=mine.jsonl"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_EQ(json_["completions"], 300);
}

TEST_F(Lossless, AnUnknownFaultIsAUsageErrorThatListsTheKnownOnes) {
  const Finished finished = Test({"model.yaml", "--inject-fault", "next-position-resampel"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err,
            "error: --inject-fault next-position-resampel: no such fault\n"
            "  did you mean `next-position-resample`? known: argmax-as-sampled, residual-by-position, "
            "next-position-resample, draft-before-top-p\n");
}

TEST_F(Lossless, PipelinesThatCannotBeTestedAreRefused) {
  folder_.Write("copy.yaml", kCopy);
  const Finished copies = Test({"copy.yaml"});
  EXPECT_EQ(copies.exit_code, 2);
  EXPECT_NE(copies.err.find("copy.yaml: no stage decodes"), std::string::npos) << copies.err;
  EXPECT_EQ(Test({"nowhere.yaml"}).exit_code, 2);
  std::string fixed = PipelineWith(kModelDrafts);
  fixed.replace(fixed.find("\"${input}\""), 10, "in.jsonl");
  fixed.erase(fixed.find("  input: in.jsonl\n"), 18);
  folder_.Write("fixed.yaml", fixed);
  const Finished finished = Test({"fixed.yaml"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("input"), std::string::npos) << finished.err;
}

TEST_F(Lossless, RecordsThatFailAreReportedWithTheirReason) {
  folder_.Write("bad.jsonl", "{\"question\":\"why\"}\n");
  const Finished finished = Test({"model.yaml", "--draws", "10", "-s", "input=bad.jsonl"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("10 of 10 records failed; the first: stage 'prompt'"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace retort::testing
