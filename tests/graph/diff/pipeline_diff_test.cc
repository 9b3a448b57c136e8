#include "core/graph/diff/pipeline_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr const char* kBefore = R"(retort: 1
name: loop
variables: { out: out.jsonl }
engine: { seed: 3 }
models:
  target: { source: a.gguf }
stages:
  read: { uses: read-jsonl, with: { path: in } }
  prompt: { uses: prompt, with: { model: target } }
  draft: { uses: draft, with: { max_tokens: 8 } }
  verify: { uses: verify, with: { model: target, temperature: 0.5 } }
  write: { uses: write-jsonl, with: { path: "${out}" } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";

std::string With(std::string text, const std::string& old_part, const std::string& new_part) {
  const size_t at = text.find(old_part);
  EXPECT_NE(at, std::string::npos) << old_part;
  return text.replace(at, old_part.size(), new_part);
}

std::string WithAll(std::string text, const std::string& old_part, const std::string& new_part) {
  for (size_t at = text.find(old_part); at != std::string::npos; at = text.find(old_part, at + new_part.size()))
    text.replace(at, old_part.size(), new_part);
  return text;
}

class PipelineDiff : public ::testing::Test {
 protected:
  std::vector<Difference> Diff(const std::string& before, const std::string& after) {
    before_ = LoadPipeline(SourceText("a.yaml", before), registry_, {});
    after_ = LoadPipeline(SourceText("b.yaml", after), registry_, {});
    EXPECT_TRUE(before_.ok()) << RenderText(before_.diagnostics, before_.source);
    EXPECT_TRUE(after_.ok()) << RenderText(after_.diagnostics, after_.source);
    return DiffPipelines(before_.description, after_.description);
  }
  /// The text of the only differences there are, without the number at the end.
  std::string Text(const std::string& before, const std::string& after) {
    const std::string text = DiffText(Diff(before, after), "a.yaml", "b.yaml");
    const size_t last = text.rfind('\n', text.size() - 2);
    return last == std::string::npos ? text : text.substr(0, last + 1);
  }
  const Registry registry_ = testing::MakeSampleRegistry();
  LoadedPipeline before_{SourceText("", ""), {}, {}, {}, {}}, after_{SourceText("", ""), {}, {}, {}, {}};
};

TEST_F(PipelineDiff, WritingIsNoDifference) {
  const std::string same = R"(# The same, written otherwise.
stages:
  write: { "uses": write-jsonl, with: { path: 'out.jsonl' } }
  verify:
    with: { temperature: 5e-1, model: target, ignore_eos: false }   # a default, written out
    uses: verify
    max_batch: 1
  draft: { uses: draft, concurrency: 1 }       # 8 is the default
  prompt: { uses: prompt, with: { model: "target" }, order: completion }
  read: { uses: "read-jsonl", with: { path: in }, order: completion, linger: 0 }
edges:
  - verify.done -> write.records
  - { from: verify.continue, to: draft, back: yes }
  - { from: draft, to: verify }
  - prompt.sequences -> draft
  - read -> prompt
models: { target: { source: a.gguf, device: cpu } }
engine: { credits: 256, seed: 3 }
name: "loop"
retort: 1
)";
  EXPECT_TRUE(Diff(kBefore, WithAll(same, "back: yes", "back: true")).empty()) << Text(kBefore, same);
  EXPECT_EQ(Text(kBefore, kBefore), "a.yaml and b.yaml mean the same\n");
}

TEST_F(PipelineDiff, TellsOldAndNewValuesWithTheirPlaces) {
  EXPECT_EQ(Text(kBefore, With(kBefore, "temperature: 0.5", "temperature: 0.75")),
            "~ stage `verify`: temperature: 0.5 -> 0.75\n    a.yaml:11:63 -> b.yaml:11:63\n");
  EXPECT_EQ(Text(kBefore, With(kBefore, ", temperature: 0.5", "")),
            "~ stage `verify`: temperature: 0.5 -> 0.0 (default)\n    a.yaml:11:63 -> b.yaml:11:3\n");
  EXPECT_EQ(Text(kBefore, With(kBefore, "with: { max_tokens: 8 }", "with: { drafter: ngram, max_tokens: 8 }")),
            "~ stage `draft`: drafter: \"prompt-lookup\" (default) -> \"ngram\"\n    a.yaml:10:3 -> b.yaml:10:42\n");
}

TEST_F(PipelineDiff, ComparesAfterVariables) {
  EXPECT_TRUE(Diff(kBefore, With(kBefore, "\"${out}\"", "out.jsonl")).empty());
  EXPECT_EQ(Text(kBefore, With(kBefore, "out: out.jsonl", "out: other.jsonl")),
            "~ stage `write`: path: \"out.jsonl\" -> \"other.jsonl\"\n    a.yaml:12:45 -> b.yaml:12:45\n");
}

TEST_F(PipelineDiff, TellsOfNameEngineModelsAndStageKeys) {
  EXPECT_EQ(Text(kBefore, With(kBefore, "name: loop", "name: other")),
            "~ pipeline: name: \"loop\" -> \"other\"\n    a.yaml:2:7 -> b.yaml:2:7\n");
  EXPECT_EQ(Text(kBefore, With(kBefore, "seed: 3", "credits: 4")),
            "~ engine: credits: 256 (default) -> 4\n    a.yaml -> b.yaml:4:20\n"
            "~ engine: seed: 3 -> 0 (default)\n    a.yaml:4:17 -> b.yaml\n");
  EXPECT_EQ(Text(kBefore, With(kBefore, "source: a.gguf", "source: a.gguf, weights: q8_0")),
            "~ model `target`: weights: \"native\" (default) -> \"q8_0\"\n    a.yaml:6:3 -> b.yaml:6:38\n");
  EXPECT_EQ(Text(kBefore, With(kBefore, "{ uses: draft,", "{ uses: draft, max_batch: 7, order: input,")),
            "~ stage `draft`: max_batch: 1 (default) -> 7\n    a.yaml:10:3 -> b.yaml:10:36\n"
            "~ stage `draft`: order: \"completion\" (default) -> \"input\"\n    a.yaml:10:3 -> b.yaml:10:46\n");
}

TEST_F(PipelineDiff, DeadLettersAreOnePlaceHoweverItIsWritten) {
  const std::string beside = With(kBefore, "seed: 3", "seed: 3, dead_letter_beside: \"${out}\"");
  EXPECT_TRUE(Diff(beside, With(kBefore, "seed: 3", "seed: 3, dead_letter: out.jsonl.failed.jsonl")).empty());
  EXPECT_THAT(
      Text(beside, kBefore),
      HasSubstr("~ engine: dead_letter: \"out.jsonl.failed.jsonl\" -> \"\" (default)\n    a.yaml:4:40 -> b.yaml\n"));
}

TEST_F(PipelineDiff, TellsWhatWasAddedAndRemoved) {
  std::string longer = With(kBefore, "  write:", "  rank: { uses: pick }\n  write:");
  longer = With(longer, "verify.done -> write", "verify.done -> rank\n  - rank.kept -> write");
  EXPECT_EQ(Text(kBefore, longer),
            "+ stage `rank` (pick)\n    b.yaml:12:3\n"
            "+ edge `rank.kept` -> write\n    b.yaml:20:5\n"
            "~ edge `verify.done`: to: \"write\" -> \"rank\"\n    a.yaml:18:5 -> b.yaml:19:5\n");
  EXPECT_EQ(Text(longer, kBefore),
            "- stage `rank` (pick)\n    a.yaml:12:3\n"
            "- edge `rank.kept` -> write\n    a.yaml:20:5\n"
            "~ edge `verify.done`: to: \"rank\" -> \"write\"\n    a.yaml:19:5 -> b.yaml:18:5\n");
}

TEST_F(PipelineDiff, ARenamedStageIsTheSameStage) {
  const std::string renamed = WithAll(WithAll(kBefore, "draft:", "guess:"), " draft\n", " guess\n");
  std::string right = With(renamed, "- draft ->", "- guess ->");
  right = With(right, "to: draft,", "to: guess,");
  EXPECT_EQ(Text(kBefore, right), "> stage `draft` is now `guess`\n    a.yaml:10:3 -> b.yaml:10:3\n");
  const auto differences = Diff(kBefore, With(right, "max_tokens: 8", "max_tokens: 4"));
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].kind, DiffKind::kRenamed);
  EXPECT_EQ(differences[1].name, "guess");
  EXPECT_EQ(differences[1].key, "max_tokens");
}

TEST_F(PipelineDiff, EveryStageMayBeRenamed) {
  std::string text = kBefore;
  for (const char* name : {"read", "prompt", "write"}) {
    text = With(text, std::string("  ") + name + ":", std::string("  my-") + name + ":");
    text = WithAll(text, std::string("- ") + name, std::string("- my-") + name);
    text = WithAll(text, std::string("> ") + name, std::string("> my-") + name);
  }
  for (const Difference& difference : Diff(kBefore, text)) EXPECT_EQ(difference.kind, DiffKind::kRenamed);
  EXPECT_EQ(Diff(kBefore, text).size(), 3u);
}

TEST_F(PipelineDiff, OfStagesAlikeTheOptionsTellWhichIsWhich) {
  const std::string two = R"(retort: 1
stages:
  a: { uses: read-jsonl, with: { path: one } }
  b: { uses: read-jsonl, with: { path: two } }
  write: { uses: write-jsonl, with: { path: out } }
edges: [a -> write, b -> write]
)";
  const std::string other = R"(retort: 1
stages:
  x: { uses: read-jsonl, with: { path: two } }
  y: { uses: read-jsonl, with: { path: one } }
  write: { uses: write-jsonl, with: { path: out } }
edges: [x -> write, y -> write]
)";
  EXPECT_EQ(Text(two, other),
            "> stage `b` is now `x`\n    a.yaml:4:3 -> b.yaml:3:3\n"
            "> stage `a` is now `y`\n    a.yaml:3:3 -> b.yaml:4:3\n");
}

TEST_F(PipelineDiff, ARenamedModelIsTheSameModel) {
  EXPECT_EQ(Text(kBefore, WithAll(kBefore, "target", "big")),
            "> model `target` is now `big`\n    a.yaml:6:3 -> b.yaml:6:3\n");
}

TEST_F(PipelineDiff, AnotherPluginUnderTheSameName) {
  const std::string read = "retort: 1\nstages:\n  read: { uses: read-jsonl, with: { path: in } }\n";
  const std::string edges = "  end: { uses: write-jsonl, with: { path: out } }\nedges: [read -> mid, mid -> end]\n";
  const std::string before =
      read + "  mid: { uses: prompt, with: { model: m } }\n" + edges + "models: { m: { source: a.gguf } }\n";
  std::string after = read + "  mid: { uses: pick }\n" + edges + "models: { m: { source: a.gguf } }\n";
  after = With(after, "mid -> end", "mid.kept -> end");
  const std::string text = Text(before, after);
  EXPECT_THAT(text, HasSubstr("~ stage `mid`: uses: \"prompt\" -> \"pick\"\n    a.yaml:4:16 -> b.yaml:4:16\n"));
  EXPECT_THAT(text, HasSubstr("~ stage `mid`: model: \"m\" -> nothing\n    a.yaml:4:39\n"));
  EXPECT_THAT(text, HasSubstr("- edge `mid.sequences` -> end\n"));
  EXPECT_EQ(Diff(before, after).size(), 4u) << text << "a stage's own max_batch is its own";
}

TEST_F(PipelineDiff, PrintsJson) {
  const auto json = DiffJson(Diff(kBefore, With(kBefore, ", temperature: 0.5", "")), "a.yaml", "b.yaml");
  EXPECT_EQ(json.dump(),
            R"({"equal":false,"before":"a.yaml","after":"b.yaml","differences":[{"kind":"changed","of":"stage",)"
            R"("name":"verify","key":"temperature","before":{"value":0.5,"default":false,"line":11,"column":63},)"
            R"("after":{"value":0.0,"default":true,"line":11,"column":3}}]})");
  EXPECT_EQ(DiffJson({}, "a", "b")["equal"], true);
}

}  // namespace
}  // namespace retort
