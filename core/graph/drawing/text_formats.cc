#include "core/graph/drawing/text_formats.h"

#include <fmt/format.h>

#include "core/model/utf8.h"

namespace retort {
namespace {

/// UTF-8 in which `replace(character)` stands for each character; bytes that are no UTF-8, and controls, are U+FFFD.
template <typename Replace>
std::string Escaped(std::string_view text, Replace replace) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8CharLength(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0 || byte < 0x20 || byte == 0x7F) {
      out += byte == '\n' || byte == '\t' ? " " : "\xEF\xBF\xBD";
    } else {
      out += replace(text.substr(at, length));
    }
    at += std::max<size_t>(1, length);
  }
  return out;
}

/// Inside a quoted string of DOT, where a backslash begins an escape. The caller adds `\n` between lines.
std::string DotText(std::string_view text) {
  return Escaped(text,
                 [](std::string_view c) { return c == "\"" || c == "\\" ? "\\" + std::string(c) : std::string(c); });
}

/// Inside a quoted string of Mermaid, which is HTML with `#` for `&`; what Markdown or HTML would read is a reference.
std::string MermaidText(std::string_view text) {
  return Escaped(text, [](std::string_view c) {
    const bool plain = c.size() > 1 || std::isalnum(static_cast<unsigned char>(c[0])) != 0 ||
                       std::string_view(" -_.:,/+=()").find(c[0]) != std::string_view::npos;
    return plain ? std::string(c) : fmt::format("#{};", static_cast<int>(c[0]));
  });
}

/// A stage's or an edge's lines, each through `escape`, with `line_break` between.
template <typename Escape>
std::string Lines(const std::vector<std::string>& lines, Escape escape, const char* line_break) {
  std::string out;
  for (const std::string& line : lines) {
    if (!line.empty()) out += (out.empty() ? "" : line_break) + escape(line);
  }
  return out;
}

std::vector<std::string> StageLines(const GraphDrawing& drawing, const DrawnStage& stage) {
  std::vector<std::string> lines = {stage.name, stage.uses};
  for (const size_t model : stage.models) lines.push_back("model " + drawing.models[model].name);
  lines.insert(lines.end(), stage.note.lines.begin(), stage.note.lines.end());
  return lines;
}

std::vector<std::string> EdgeLines(const DrawnEdge& edge) {
  std::vector<std::string> lines = {edge.port, edge.payload};
  lines.insert(lines.end(), edge.note.lines.begin(), edge.note.lines.end());
  return lines;
}

}  // namespace

std::string DrawingDot(const GraphDrawing& drawing) {
  std::string out = fmt::format(
      "digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"Helvetica\"];\n"
      "  edge [fontname=\"Helvetica\", fontsize=10];\n",
      DotText(drawing.title));
  for (size_t i = 0; i < drawing.stages.size(); ++i)
    out += fmt::format("  s{} [label=\"{}\"];\n", i, Lines(StageLines(drawing, drawing.stages[i]), DotText, "\\n"));
  for (const DrawnEdge& edge : drawing.edges) {
    out += fmt::format("  s{} -> s{} [label=\"{}\"{}];\n", edge.from, edge.to, Lines(EdgeLines(edge), DotText, "\\n"),
                       edge.back ? ", style=dashed, constraint=false" : "");
  }
  if (!drawing.models.empty()) {
    std::string legend;
    for (const DrawnModel& model : drawing.models) legend += DotText(model.name + ": " + model.text) + "\\l";
    out += "  models [shape=note, style=\"\", label=\"" + legend + "\"];\n";
  }
  return out + "}\n";
}

std::string DrawingMermaid(const GraphDrawing& drawing) {
  std::string out = "flowchart LR\n";
  for (size_t i = 0; i < drawing.stages.size(); ++i) {
    out += fmt::format("  s{}[\"{}\"]\n", i, Lines(StageLines(drawing, drawing.stages[i]), MermaidText, "<br/>"));
  }
  for (const DrawnEdge& edge : drawing.edges) {
    const std::string label = Lines(EdgeLines(edge), MermaidText, "<br/>");
    out += fmt::format("  s{} {}{} s{}\n", edge.from, edge.back ? "-.->" : "-->",
                       label.empty() ? "" : "|\"" + label + "\"|", edge.to);
  }
  for (size_t i = 0; i < drawing.models.size(); ++i) {
    out += fmt::format("  m{}>\"{}\"]\n", i, MermaidText(drawing.models[i].name + ": " + drawing.models[i].text));
  }
  return out;
}

}  // namespace retort
