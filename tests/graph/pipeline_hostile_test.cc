// Files made to hurt: they must be refused with a place, in short time and without a crash.
#include <gtest/gtest.h>

#include <chrono>

#include "core/base/random.h"
#include "core/graph/pipeline.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

LoadedPipeline Load(const std::string& text) {
  static const Registry registry = testing::MakeSampleRegistry();
  return LoadPipeline(SourceText("hostile.yaml", text), registry, {});
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr double kSlowdown = 10;
#else
constexpr double kSlowdown = 1;
#endif

/// Refused within `seconds` (kSlowdown times that under a sanitizer) with a message that holds `text`.
void ExpectRefused(const std::string& yaml, const std::string& text, double seconds = 5) {
  const auto start = std::chrono::steady_clock::now();
  const LoadedPipeline loaded = Load(yaml);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(took, seconds * kSlowdown);
  ASSERT_FALSE(loaded.ok());
  const std::string report = RenderText(loaded.diagnostics, loaded.source);
  EXPECT_NE(report.find(text), std::string::npos) << report.substr(0, 2000);
}

std::string Repeat(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(HostilePipeline, DeepFlowNesting) {
  ExpectRefused(Repeat("[", 100000), "nested deeper than 64");
  ExpectRefused(Repeat("{a: ", 100000), "nested deeper than 64");
  ExpectRefused(Repeat("[{a: ", 100000), "nested deeper than 64");
  ExpectRefused("retort: 1\nname: " + Repeat("[", 100000) + Repeat("]", 100000), "nested deeper than 64");
}

TEST(HostilePipeline, DeepBlockNesting) {
  std::string maps;
  for (size_t depth = 0; depth < 1000; ++depth) maps += std::string(depth, ' ') + "a:\n";
  ExpectRefused(maps, "nested deeper than 64");
  ExpectRefused(Repeat("- ", 100000) + "x", "nested deeper than 64");
  ExpectRefused(Repeat("? ", 100000) + "x", "nested deeper than 64");
}

TEST(HostilePipeline, NestingOf64IsRead) {
  const LoadedPipeline loaded = Load("retort: 1\nname: " + Repeat("[", 63) + Repeat("]", 63) + "\n");
  for (const Diagnostic& d : loaded.diagnostics) EXPECT_EQ(d.message.find("nested"), std::string::npos) << d.message;
  ExpectRefused("retort: 1\nname: " + Repeat("[", 64) + Repeat("]", 64) + "\n", "nested deeper than 64");
}

TEST(HostilePipeline, AliasBombs) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias + Repeat(", " + alias, 9) + "]\n";
  }
  ExpectRefused(laughs, "more than 100000 values once aliases are followed");
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  ExpectRefused(deep, "nested deeper than 64");
  ExpectRefused("name: &a [*a]\n", "hostile.yaml:1:11: error: this alias stands inside the value that it names");
  ExpectRefused("? &a [*a]\n: 1\n", "inside the value that it names");
}

TEST(HostilePipeline, ManyValues) { ExpectRefused("name: [" + Repeat("1,", 100001) + "]", "more than 100000 values"); }

TEST(HostilePipeline, LargeFile) { ExpectRefused("# " + std::string(kMaxYamlBytes, 'x'), "more than 1048576 bytes"); }

TEST(HostilePipeline, NotText) {
  ExpectRefused("retort: 1\nname: a\xFFz\n", "hostile.yaml:2:8: error: the byte 0xff is not valid UTF-8");
  ExpectRefused("retort: 1\nname: \xC0\x80\n", "2:7: error: the byte 0xc0 is not valid UTF-8");
  ExpectRefused("retort: 1\nname: \xED\xA0\x80\n", "2:7: error: the byte 0xed is not valid UTF-8");
  ExpectRefused(std::string("retort: 1\nname: a\0b\n", 20), "2:8: error: the byte 0x00 is a control character");
  ExpectRefused("\x04", "the byte 0x04 is a control character");
  ExpectRefused(std::string("\xFF\xFEr\0e\0", 6), "1:1: error: the byte 0xff is not valid UTF-8");
}

TEST(HostilePipeline, Empty) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "---\n...\n"}) ExpectRefused(text, "error: ");
}

TEST(HostilePipeline, ManyNamesAreBounded) {
  std::string stages = "retort: 1\nstages:\n", edges = "edges:\n";
  for (int i = 0; i < 20000; ++i) {
    stages += "  s" + std::to_string(i) + ": { uses: pick }\n";
    edges += "  - s" + std::to_string(i) + " -> t" + std::to_string(i) + "\n";
  }
  ExpectRefused("retort: 1\nstages: { a: { uses: pick } }\n" + edges, "`edges` has more than 4000 entries");
  ExpectRefused(stages + "edges: [ a -> b ]\n", "`stages` has more than 1000 entries");
  std::string variables = "retort: 1\nvariables:\n";
  for (int i = 0; i < 20000; ++i) variables += "  v" + std::to_string(i) + ": \"${v" + std::to_string(i + 1) + "}\"\n";
  ExpectRefused(variables, "`variables` has more than 256 entries");
}

TEST(HostilePipeline, AThousandStagesInRandomOrder) {
  std::string stages = "retort: 1\nstages:\n", edges = "edges:\n";
  for (int i = 0; i < 1000; ++i) stages += "  s" + std::to_string(i) + ": { uses: pick }\n";
  for (uint64_t i = 0; i < 3000; ++i) {
    const uint64_t a = RandomBits({1, i, 0, 0, 0}) % 1000, b = RandomBits({1, i, 1, 0, 0}) % 1000;
    edges += "  - s" + std::to_string(a) +
             (i % 3 == 0   ? ".kept"
              : i % 3 == 1 ? ".left"
                           : ".wrong") +
             " -> s" + std::to_string(b) + "\n";
  }
  ExpectRefused(stages + edges, "more faults are not listed", 20);
}

TEST(HostilePipeline, ManyFaultsAreCounted) {
  std::string text = "retort: 1\n";
  for (int i = 0; i < 30000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  ExpectRefused(text, "more faults are not listed");
}

TEST(HostilePipeline, VariablesThatGrow) {
  std::string text = "retort: 1\nvariables:\n  v0: \"" + std::string(1000, 'x') + "\"\n";
  for (int i = 1; i < 40; ++i)
    text += "  v" + std::to_string(i) + ": \"" + Repeat("${v" + std::to_string(i - 1) + "}", 10) + "\"\n";
  ExpectRefused(text + "name: \"${v39}\"\n", "longer than 65536 bytes");
}

// Changes of a right file, at random but the same each time: whatever comes, the answer is diagnostics.
TEST(HostilePipeline, ChangedFilesNeverCrash) {
  const std::string right = R"(retort: 1
name: x
variables: { input: in.jsonl, t: 0.5, n: "${m}", m: 3 }
engine: { seed: "${n}", credits: 8 }
models:
  target: &t { source: "model.gguf", weights: q8_0 }
  other: *t
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: target } }
  draft: { uses: draft, with: { max_tokens: 4 } }
  verify:
    uses: verify
    with:
      model: other
      temperature: "${t}"
      stop: [ "a", 'b', |
        block
        ]
  write: { uses: write-jsonl, with: { path: "o ${ENV:HOME:-x} $${y}" } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";
  static constexpr const char* kPieces[] = {
      "{", "}",    "[",  "]",  ":",  "- ", "&a ",    "*a",    "*t",          "${",    "}",     "\"",       "'",
      "|", ">",    "#",  "\n", "\t", "? ", "!!str ", "!<x> ", "%YAML 9.9\n", "---\n", "...\n", "<<: *t\n", "\xC3\xA9",
      "~", "null", "  ", "->", ".",  "@",  "`",      ","};
  int refused = 0;
  for (uint64_t round = 0; round < 4000; ++round) {
    std::string text = right;
    const uint64_t changes = 1 + RandomBits({7, round, 0, 0, 0}) % 6;
    for (uint64_t c = 0; c < changes; ++c) {
      const size_t at = RandomBits({7, round, 1, c, 0}) % text.size();
      const size_t piece = RandomBits({7, round, 2, c, 0}) % std::size(kPieces);
      switch (RandomBits({7, round, 3, c, 0}) % 4) {
        case 0: text.erase(at, 1 + RandomBits({7, round, 4, c, 0}) % 20); break;
        case 1: text.insert(at, kPieces[piece]); break;
        case 2: text[at] = static_cast<char>(RandomBits({7, round, 5, c, 0}) & 0xFF); break;
        default: text.insert(at, text.substr(RandomBits({7, round, 6, c, 0}) % text.size(), 30)); break;
      }
      if (text.empty()) text = "\n";
    }
    const LoadedPipeline loaded = Load(text);
    if (!loaded.ok()) ++refused;
    for (const Diagnostic& d : loaded.diagnostics) {
      EXPECT_FALSE(d.message.empty());
      EXPECT_GE(d.place.line, 0);
      EXPECT_GE(d.place.column, d.place.line > 0 ? 1 : 0);
    }
    RenderText(loaded.diagnostics, loaded.source);
  }
  EXPECT_GT(refused, 3000);
}

}  // namespace
}  // namespace retort
