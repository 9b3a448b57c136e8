#include "core/graph/lint/source_map.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

/// A text, its tree and the edits of it.
class Mapped {
 public:
  explicit Mapped(const std::string& text)
      : source_("p.yaml", text), faults_("p.yaml"), root_(ParseYaml(source_, faults_)), map(source_, root_.get()) {}
  std::string After(const Edit& edit) const { return ApplyFix(source_.text(), {"", {edit}}); }
  size_t Offset(const std::string& what) const { return source_.text().find(what); }
  const YamlNode& root() const { return *root_; }

 private:
  SourceText source_;
  Diagnostics faults_;
  YamlNodePtr root_;

 public:
  const SourceMap map;
};

TEST(SourceMap, CutsEntriesOfMapsInBrackets) {
  const Mapped m("a: { b: 1, c: [1, 2], d: \"x, y\" }\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("b:"))), "a: { c: [1, 2], d: \"x, y\" }\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("c:"))), "a: { b: 1, d: \"x, y\" }\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("d:"))), "a: { b: 1, c: [1, 2] }\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("1, 2"))), "a: { b: 1, c: [2], d: \"x, y\" }\n");
}

TEST(SourceMap, CutsEntriesAndItemsOfLinesWithWhatIsUnderThem) {
  const Mapped m("a:\n  b:\n    c: 1\n\n    d: 2\n  # of e\n  e: 3\nf:\n- g\n- h: 1\n  i: 2\nj: 1\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("b:"))), "a:\n  # of e\n  e: 3\nf:\n- g\n- h: 1\n  i: 2\nj: 1\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("f:"))), "a:\n  b:\n    c: 1\n\n    d: 2\n  # of e\n  e: 3\nj: 1\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("g\n"))),
            "a:\n  b:\n    c: 1\n\n    d: 2\n  # of e\n  e: 3\nf:\n- h: 1\n  i: 2\nj: 1\n");
  EXPECT_EQ(m.After(m.map.Cut(m.Offset("h:"))), "a:\n  b:\n    c: 1\n\n    d: 2\n  # of e\n  e: 3\nf:\n- g\nj: 1\n");
}

TEST(SourceMap, AddsInTheStyleThatIsThere) {
  const Mapped m("a: { b: 1 }\nc:\n  d: 1\ne: {}\nf:\n  - x\n  - y: 1\n    z: 2\ng: [x]\n");
  const auto add = [&](const char* key) { return m.After(m.map.AddEntry(*m.root().Find(key), "n", "5")); };
  EXPECT_EQ(add("a").substr(0, 18), "a: { n: 5, b: 1 }\n");
  EXPECT_NE(add("c").find("c:\n  n: 5\n  d: 1\n"), std::string::npos) << add("c");
  EXPECT_NE(add("e").find("e: { n: 5 }\n"), std::string::npos) << add("e");
  EXPECT_NE(m.After(m.map.AddItem(*m.root().Find("f"), "q")).find("    z: 2\n  - q\ng:"), std::string::npos);
  EXPECT_NE(m.After(m.map.AddItem(*m.root().Find("g"), "q")).find("g: [x, q]\n"), std::string::npos);
}

TEST(SourceMap, KnowsWhereValuesEnd) {
  const Mapped m(
      "a: 'it''s' # x\nb: \"q\\\"r\"\nc: [1, {d: 2}]\ne: |\n  two\n  lines\nf: plain text # no\ng:\n  h: 1\ni: ~\n");
  const std::string text = m.map.text();
  const auto written = [&](const char* key) {
    const YamlNode& node = *m.root().Find(key);
    return text.substr(node.offset, m.map.EndOf(node) - node.offset);
  };
  EXPECT_EQ(written("a"), "'it''s'");
  EXPECT_EQ(written("b"), "\"q\\\"r\"");
  EXPECT_EQ(written("c"), "[1, {d: 2}]");
  EXPECT_EQ(written("e"), "|\n  two\n  lines");
  EXPECT_EQ(written("f"), "plain text");
  EXPECT_EQ(written("g"), "h: 1");
}

TEST(SourceMap, FindsWhatStandsAtAPlace) {
  const Mapped m("a: { b: 1 }\nc:\n  - d: ß\n    e: f\n");
  const auto path = [&](int line, int column) { return m.map.Find({line, column})->path; };
  EXPECT_EQ(path(1, 6), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(path(4, 8), (std::vector<std::string>{"c", "0", "e"}));
  EXPECT_EQ(m.map.Find({4, 5})->entry()->key, "e");
  EXPECT_EQ(m.map.Find({3, 1})->entry()->key, "c");
}

TEST(SourceMap, GivesNothingAValue) {
  const Mapped m("a:\nb: { c: , d: }\n");
  EXPECT_EQ(m.After(m.map.ReplaceValue(m.root().entries[0], "1")), "a: 1\nb: { c: , d: }\n");
  EXPECT_EQ(m.After(m.map.ReplaceValue(m.root().Find("b")->entries[0], "1")), "a:\nb: { c: 1 , d: }\n");
}

TEST(ApplyFix, LeavesOutWhatOverlaps) {
  EXPECT_EQ(ApplyFix("abcdef", {"", {{4, 5, "X"}, {0, 2, "Y"}, {1, 3, "Z"}, {90, 99, "!"}}}), "YcdXf!");
}

TEST(YamlScalar, PutsIntoQuotesWhatMustBe) {
  EXPECT_EQ(YamlScalar("a-b_c.d/e"), "a-b_c.d/e");
  EXPECT_EQ(YamlScalar("a: \"b\"\n"), "\"a: \\\"b\\\"\\n\"");
  EXPECT_EQ(YamlScalar(""), "\"\"");
}

}  // namespace
}  // namespace retort
