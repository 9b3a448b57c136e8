// What SVG, DOT and Mermaid say of a pipeline. That they are well formed, tests/cli/graph_command_test.cc asks
// programs.
#include "core/graph/drawing/drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/graph/drawing/svg.h"
#include "core/graph/drawing/text_fit.h"
#include "core/graph/drawing/text_formats.h"
#include "core/graph/drawing/xml_text.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSpeculative = R"(retort: 1
name: speculative
models:
  target: { source: some/model.gguf, precision: exact }
stages:
  read: { uses: read-jsonl, with: { path: in } }
  prompt: { uses: prompt, with: { model: target } }
  draft: { uses: draft }
  verify: { uses: verify, with: { model: target } }
  write: { uses: write-jsonl, with: { path: out } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";

class Drawing : public ::testing::Test {
 protected:
  GraphDrawing Draw(const std::string& text, const DrawingNotes& notes = {}) {
    return DrawPipeline(LoadPipeline(SourceText("p.yaml", text), registry_, {}).description, notes);
  }
  const Registry registry_ = testing::MakeSampleRegistry();
};

TEST_F(Drawing, HasStagesEdgesAndModels) {
  const GraphDrawing drawing = Draw(kSpeculative);
  EXPECT_EQ(drawing.title, "speculative");
  ASSERT_EQ(drawing.stages.size(), 5u);
  EXPECT_EQ(drawing.stages[3].uses, "verify");
  EXPECT_THAT(drawing.stages[3].models, ElementsAre(0u));
  ASSERT_EQ(drawing.edges.size(), 5u);
  EXPECT_TRUE(drawing.edges[3].back);
  EXPECT_EQ(drawing.edges[3].port, "continue");
  EXPECT_EQ(drawing.edges[2].payload, "draft:point-mass");
  EXPECT_EQ(drawing.models[0].text, "some/model.gguf on cpu, weights native, exact");
}

TEST_F(Drawing, APipelineWithFaultsCanBeDrawn) {
  const GraphDrawing drawing = Draw(
      "retort: 1\nstages:\n  a: { uses: nothing-like-it }\n  b: { uses: verify }\n  c: { uses: prompt }\n"
      "edges:\n  - a -> c\n  - c -> b\n  - b.nowhere -> c\n  - c -> c\n");
  EXPECT_THAT(DrawingSvg(drawing), HasSubstr("nothing-like-it"));
  EXPECT_THAT(DrawingDot(drawing), HasSubstr("nothing-like-it"));
  EXPECT_THAT(DrawingMermaid(drawing), HasSubstr("nothing-like-it"));
}

TEST_F(Drawing, SvgShowsAllOfIt) {
  const std::string svg = DrawingSvg(Draw(kSpeculative));
  for (const char* text : {">speculative</text>", ">verify</text>", ">read-jsonl</text>", ">continue</text>",
                           ">draft:point-mass</text>", ">some/model.gguf on cpu, weights native, exact</text>",
                           "class=\"edge back\"", "prefers-color-scheme: dark", "xmlns="})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST_F(Drawing, InsideAPageThereIsNoHeadingAndNoGround) {
  const std::string svg = DrawingSvg(Draw(kSpeculative), {.inside_page = true});
  EXPECT_THAT(svg, Not(HasSubstr("class=\"title\"")));
  EXPECT_THAT(svg, Not(HasSubstr("class=\"ground\"")));
  EXPECT_THAT(svg, Not(HasSubstr("xmlns")));
  EXPECT_THAT(svg, HasSubstr("style=\"min-width: "));  // a page shrinks it, but not until nobody can read it
}

TEST_F(Drawing, NotesAddLinesAndHeat) {
  DrawingNotes notes;
  notes.stages["verify"] = {{"12.5 s busy", "300 calls"}, 0.5};
  notes.stages["draft"] = {{}, 7.0};
  notes.stages["prompt"] = {{}, std::numeric_limits<double>::quiet_NaN()};
  notes.edges[3] = {{"812 records"}, 1.0};
  const GraphDrawing drawing = Draw(kSpeculative, notes);
  EXPECT_EQ(drawing.stages[2].note.heat, 1.0) << "clamped";
  EXPECT_EQ(drawing.stages[1].note.heat, 0.0);
  EXPECT_FALSE(drawing.stages[0].note.heat.has_value());
  const std::string svg = DrawingSvg(drawing);
  EXPECT_THAT(svg, HasSubstr(">12.5 s busy</text>"));
  EXPECT_THAT(svg, HasSubstr(">812 records</text>"));
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.150\""));
  EXPECT_THAT(svg, HasSubstr("stroke-width: 4.00"));
  EXPECT_THAT(DrawingDot(drawing), HasSubstr("12.5 s busy"));
  EXPECT_THAT(DrawingMermaid(drawing), HasSubstr("812 records"));
}

TEST_F(Drawing, DotAndMermaidTellBackEdgesApart) {
  const GraphDrawing drawing = Draw(kSpeculative);
  EXPECT_THAT(DrawingDot(drawing),
              HasSubstr("  s3 -> s2 [label=\"continue\\nsequence\", style=dashed, constraint=false];\n"));
  EXPECT_THAT(DrawingDot(drawing), HasSubstr("  s2 -> s3 [label=\"drafts\\ndraft:point-mass\"];\n"));
  EXPECT_THAT(DrawingMermaid(drawing), HasSubstr("  s3 -.->|\"continue<br/>sequence\"| s2\n"));
  EXPECT_THAT(DrawingMermaid(drawing), HasSubstr("  s3 -->|\"done<br/>sequence\"| s4\n"));
}

TEST_F(Drawing, NoTextBecomesMarkup) {
  GraphDrawing drawing;
  const std::string text = "</text><script>a(\"b'c\\\")</script>&\x01\xFF\n]]>`#;";
  drawing.title = text;
  drawing.stages = {{text, text, {0}, {{text}, {}}}, {"b", "", {}, {}}};
  drawing.edges = {{0, 1, false, text, text, {{text}, {}}}};
  drawing.models = {{text, text}};
  const std::string svg = DrawingSvg(drawing);
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\x01")));
  EXPECT_THAT(svg, Not(HasSubstr("\xFF")));
  EXPECT_THAT(svg, HasSubstr("&lt;/text&gt;"));
  const std::string dot = DrawingDot(drawing);
  EXPECT_THAT(dot, HasSubstr("a(\\\"b'c\\\\\\\")"));
  const std::string mermaid = DrawingMermaid(drawing);
  EXPECT_THAT(mermaid, Not(HasSubstr("<script")));
  EXPECT_THAT(mermaid, HasSubstr("#60;script#62;a(#34;b#39;c#92;#34;)"));
}

TEST(TextFit, CutsTheMiddleOut) {
  EXPECT_EQ(FitText("short", 11, 100), "short");
  const std::string name = "a-stage-with-a-name-that-is-much-too-long-for-its-box-number-17";
  const std::string fitted = FitText(name, 11, 150);
  EXPECT_LE(TextWidth(fitted, 11), 150);
  EXPECT_GT(TextWidth(fitted, 11), 120);
  EXPECT_TRUE(fitted.starts_with("a-stage")) << fitted;
  EXPECT_TRUE(fitted.ends_with("17")) << fitted;
  EXPECT_THAT(fitted, HasSubstr("…"));
  EXPECT_EQ(FitText(name, 11, 0), "…");
}

TEST(TextFit, KeepsCharactersWhole) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "寿";
  const std::string fitted = FitText(text, 10, 100);
  for (size_t at = 0; at < fitted.size(); at += 3)
    EXPECT_TRUE(fitted.substr(at, 3) == "寿" || fitted.substr(at, 3) == "…") << at;
  EXPECT_LT(fitted.size(), text.size());
}

TEST(XmlText, EscapesWhatXmlReadsOrForbids) {
  EXPECT_EQ(XmlText("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(XmlText(std::string_view("\0\x1b\xC0\xAF\xEF\xBF\xBF", 7)), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(XmlText("é寿\n\t"), "é寿\n\t");
}

}  // namespace
}  // namespace retort
