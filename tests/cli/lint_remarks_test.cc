// What the shipped stages remark on their options: each remark, and that taking its advice ends it and breaks nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// A pipeline with these options of its stages beside the least that they need.
std::string Decoding(const std::string& generate) {
  return R"(retort: 1
models: { target: { source: smollm2-135m-instruct } }
stages:
  read:     { uses: read-jsonl, with: { path: in.jsonl } }
  prompt:   { uses: prompt, with: { model: target } }
  generate: { uses: generate, with: { model: target)" +
         generate + R"( } }
  write:    { uses: write-jsonl, with: { path: out.jsonl } }
edges: [read -> prompt, prompt -> generate, "generate.done -> write", { from: generate.continue, to: generate, back: true }]
)";
}

std::string Drafting(const std::string& draft, const std::string& verify, const std::string& uses = "draft",
                     const std::string& by = "verify") {
  return R"(retort: 1
models: { target: { source: smollm2-135m-instruct }, small: { source: smollm2-135m-instruct } }
stages:
  read:   { uses: read-jsonl, with: { path: in.jsonl } }
  prompt: { uses: prompt, with: { model: small } }
  draft:  { uses: )" +
         uses + ", with: { " + draft + R"( } }
  verify: { uses: )" +
         by + ", with: { model: target" + verify + R"( } }
  write:  { uses: write-jsonl, with: { path: out.jsonl } }
edges: [read -> prompt, prompt -> draft, draft -> verify, "verify.done -> write", { from: verify.continue, to: draft, back: true }]
)";
}

std::vector<Json> Notes(const TemporaryFolder& folder, const std::string& text) {
  folder.Write("p.yaml", text);
  const Finished finished = RunRetort({"lint", "p.yaml", "--format", "json"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0) << finished.out << text;  // a remark is no fault
  std::vector<Json> notes;
  for (Json& finding : Json::parse(finished.out)) {
    EXPECT_EQ(finding["severity"], "note") << finding;
    if (finding["severity"] == "note") notes.push_back(std::move(finding));
  }
  return notes;
}

size_t OffsetOf(const std::string& text, int line, int column) {
  size_t offset = 0;
  for (int i = 1; i < line; ++i) offset = text.find('\n', offset) + 1;
  return offset + static_cast<size_t>(column) - 1;
}

std::string Fixed(std::string text, const Json& fix) {
  for (const Json& edit : fix.at("edits")) {
    const size_t begin = OffsetOf(text, edit["line"], edit["column"]);
    const size_t end = OffsetOf(text, edit["end_line"], edit["end_column"]);
    text.replace(begin, end - begin, edit["text"].get<std::string>());
  }
  return text;
}

struct Remark {
  const char* option;
  std::string pipeline;
  const char* told;
};
std::ostream& operator<<(std::ostream& out, const Remark& remark) { return out << remark.option; }

class LintRemarks : public ::testing::TestWithParam<Remark> {};

TEST_P(LintRemarks, AreToldAndEndWithTheirFix) {
  const Remark& remark = GetParam();
  const TemporaryFolder folder;
  const std::vector<Json> notes = Notes(folder, remark.pipeline);
  ASSERT_EQ(notes.size(), 1u) << Json(notes).dump(1);
  EXPECT_THAT(notes[0]["message"], HasSubstr(remark.told));
  EXPECT_THAT(notes[0]["message"], HasSubstr("`" + std::string(remark.option)));
  ASSERT_FALSE(notes[0]["fix"].is_null()) << notes[0];
  const std::string fixed = Fixed(remark.pipeline, notes[0]["fix"]);
  for (const Json& left : Notes(folder, fixed)) EXPECT_NE(left["message"], notes[0]["message"]) << fixed;
}

constexpr const char *kLookup = "drafter: prompt-lookup, ", *kModel = "drafter: model, model: small, target: target, ",
                     *kSparse = "model: small, density: 0.5";

INSTANTIATE_TEST_SUITE_P(
    OfTheShippedStages, LintRemarks,
    ::testing::Values(
        Remark{"top_k", Decoding(", top_k: 4"), "at temperature 0 the most likely"},
        Remark{"top_p", Decoding(", top_p: 0.9, temperature: 0"), "at temperature 0 the most likely"},
        Remark{"min_p", Decoding(", min_p: 0.1"), "at temperature 0 the most likely"},
        Remark{"repetition_window", Decoding(", repetition_window: 4"), "how far `repetition_penalty` looks back"},
        Remark{"lenient", Drafting(kLookup, ", rule: lenient"), "that are not the model's likeliest"},
        Remark{"threshold", Drafting(kLookup, ", rule: threshold"), "is no exact rule"},
        Remark{"typical", Drafting(kLookup, ", rule: typical, temperature: 0.7"), "another law than the model's own"},
        Remark{"rule: lenient", Drafting(kLookup, ", rule: lenient, lenience: 1"), "is `rule: lossless`"},
        Remark{"lenience", Drafting(kLookup, ", lenience: 0.7"), "it belongs to `rule: lenient`"},
        Remark{"typical_epsilon", Drafting(kLookup, ", typical_epsilon: 0.1"), "it belongs to `rule: typical`"},
        Remark{"typical_delta", Drafting(kLookup, ", typical_delta: 0.1"), "it belongs to `rule: typical`"},
        Remark{"threshold", Drafting(kLookup, ", threshold: 0.1"), "it belongs to `rule: threshold`"},
        Remark{"threshold_temperature", Drafting(kLookup, ", threshold_temperature: 1"), "it belongs to `rule: thre"},
        Remark{"top_p", Drafting(kLookup, ", top_p: 0.9"), "at temperature 0 the most likely"},
        Remark{"min_match", Drafting(kModel + std::string("min_match: 1"), ""), "no drafter looks for a suffix"},
        Remark{"max_match", Drafting(kModel + std::string("max_match: 6"), ""), "no drafter looks for a suffix"},
        Remark{"min_share", Drafting(kLookup + std::string("min_share: 0.5"), ""), "`ngram` and `ngram-store`"},
        Remark{"max_contexts", Drafting(kLookup + std::string("max_contexts: 9"), ""), "it belongs to `ngram`"},
        Remark{"drafting", Drafting(kLookup + std::string("drafting: sampled"), ""), "only a drafter with a model"},
        Remark{"branches", Drafting(kLookup + std::string("branches: 2"), ""), "only a drafter with a model"},
        Remark{"nodes", Drafting(kModel + std::string("nodes: 9"), ""), "a draft is a chain"},
        Remark{"density", Drafting(kLookup + std::string("density: 0.4"), ""), "it belongs to `drafter: sparse`"},
        Remark{"window", Drafting(kLookup + std::string("window: 3"), ""), "it belongs to `drafter: lookahead`"},
        Remark{"ngram", Drafting(kLookup + std::string("ngram: 4"), ""), "it belongs to `drafter: lookahead`"},
        Remark{"guesses", Drafting(kLookup + std::string("guesses: 4"), ""), "it belongs to `drafter: lookahead`"},
        Remark{"pool_from_prompt", Drafting(kLookup + std::string("pool_from_prompt: true"), ""), "lookahead"},
        Remark{"threshold", Drafting(kSparse, ", mode: lossless, threshold: 0.2", "sparse-predict", "correct"),
               "`mode: lossless` has none"},
        Remark{"threshold_temperature",
               Drafting(kSparse, ", mode: lossless, threshold_temperature: 1", "sparse-predict", "correct"),
               "`mode: lossless` has none"},
        Remark{"strict_threshold", Drafting(kSparse, ", strict_threshold: 0.6", "sparse-predict", "correct"),
               "it belongs to `mode: adaptive`"},
        Remark{"cost", Drafting(kSparse, ", cost: clock", "sparse-predict", "correct"),
               "it belongs to `mode: adaptive`"}));

TEST(LintRemarksAre, NotMadeWhereTheOptionIsOfUse) {
  const TemporaryFolder folder;
  for (const std::string& pipeline :
       {Decoding(", top_p: 0.9, temperature: 0.7"), Decoding(", repetition_penalty: 1.1, repetition_window: 4"),
        Drafting(kLookup, ", rule: typical"),  // at temperature 0 it takes the likeliest token alone
        Drafting(kLookup, ", rule: lossless, block: true"),
        Drafting("drafter: ngram, min_share: 0.5, max_contexts: 9", ""),
        Drafting(kModel + std::string("draft_by: prompt-lookup, min_match: 1"), ""),
        Drafting(kModel + std::string("branches: 2, nodes: 9"), ""),
        Drafting("drafter: lookahead, window: 3, ngram: 4, guesses: 4, pool_from_prompt: false", "")})
    EXPECT_TRUE(Notes(folder, pipeline).empty()) << pipeline;
}

TEST(LintRemarksAre, NotMadeOnWhatARunMaySetOtherwise) {
  const TemporaryFolder folder;
  const std::string variables = "variables: { t: 0 }\n";
  EXPECT_TRUE(Notes(folder, Decoding(", top_p: 0.9, temperature: \"${t}\"") + variables).empty());
  EXPECT_EQ(Notes(folder, Decoding(", top_p: \"${t:-0.9}\", temperature: 0")).size(), 1u);
}

TEST(LintRemarksAre, NotMadeOnWhatAProfileUses) {
  const TemporaryFolder folder;
  const auto with_profile = [](const std::string& base, const std::string& profile) {
    return Decoding(base) + "profiles: { p: { stages: { generate: { with: { " + profile + " } } } } }\n";
  };
  EXPECT_TRUE(Notes(folder, with_profile(", top_p: 0.9", "temperature: 0.7")).empty());
  EXPECT_TRUE(Notes(folder, with_profile(", top_p: 0.9, temperature: 0.7", "temperature: 0")).empty());
  EXPECT_EQ(Notes(folder, with_profile(", top_p: 0.9", "max_tokens: 8")).size(), 1u);
  const std::vector<Json> own = Notes(folder, with_profile("", "top_p: 0.9"));
  ASSERT_EQ(own.size(), 1u);
  EXPECT_THAT(own[0]["message"], HasSubstr("(with `--profile p`)"));
  EXPECT_EQ(own[0]["line"], 9);
}

TEST(LintRemarksAre, NotMadeInATemplateThatMayServeElsewhere) {
  const TemporaryFolder folder;
  std::string text = Decoding("");
  const std::string stage = "{ uses: generate, with: { model: target } }";
  text.replace(text.find(stage), stage.size(), "{ template: writer, with: { p: 0.9 } }");
  text += R"(templates:
  writer:
    parameters: { p: { type: number } }
    stages: { write: { uses: generate, with: { model: target, top_p: "${p}" } } }
    edges: [{ from: write.continue, to: write, back: true }]
    input: write
    outputs: { done: write.done }
)";
  text.replace(text.find(", { from: generate.continue, to: generate, back: true }"), 55, "");
  folder.Write("p.yaml", text);
  const Finished finished = RunRetort({"lint", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.out, "p.yaml: ok\n") << text;
}

TEST(LintRemarksAre, ToldAsAdviceAndNeverTakenUnasked) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", Drafting(kLookup, ", rule: threshold"));
  const Finished finished = RunRetort({"lint", "p.yaml", "--fix"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, HasSubstr("p.yaml:7:56: note: stage `verify`: `threshold` is no exact rule"));
  EXPECT_THAT(finished.out, HasSubstr("\n  better: `lossless`\n"));
  EXPECT_THAT(finished.out, HasSubstr("\n1 note in 1 file\n"));
  EXPECT_THAT(finished.out, Not(HasSubstr("did you mean")));
  EXPECT_EQ(folder.Read("p.yaml"), Drafting(kLookup, ", rule: threshold"));
  // Under values of the command line a remark need not hold for the file: no change of it is offered.
  const Finished set = RunRetort({"lint", "p.yaml", "-s", "stages.verify.with.top_k=3"}, "", folder.path());
  EXPECT_THAT(set.out, Not(HasSubstr("fix: "))) << set.out;
}

TEST(LintSummary, CountsOnlyWhatFixCanReach) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", Decoding("") + "profiles: { p: { stages: { generate: { with: { max_tokens: many } } } } }\n");
  const Finished finished = RunRetort({"lint", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_TRUE(finished.out.ends_with("\n1 error in 1 file\n")) << finished.out;
}

}  // namespace
}  // namespace retort::testing
