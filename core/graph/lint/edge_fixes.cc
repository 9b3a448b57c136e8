// Faults of edges and of the graph that they make.
#include <algorithm>

#include "core/graph/lint/fix_candidates.h"
#include "core/graph/lint/possible_edges.h"
#include "core/graph/payload.h"

namespace retort {
namespace {

constexpr size_t kMostEdges = 48;  // tried at a place

bool EndsName(char c) { return std::string_view(" \t\n\r.,}\"'>").find(c) != std::string_view::npos; }

/// The word of a stage's or a port's name that begins at a byte.
size_t NameEnd(const std::string& text, size_t begin) {
  size_t end = begin;
  while (end < text.size() && !EndsName(text[end]) && text.compare(end, 2, "->") != 0) ++end;
  return end;
}

/// The edge at a place: an item of the list under `edges`.
const YamlNode* EdgeAt(const Diagnostic& fault, const FixContext& context) {
  const auto spot = context.map.Find(fault.place);
  return spot && spot->path.size() > 1 && spot->path[0] == "edges" ? spot->nodes[2] : nullptr;
}

void AddOtherEdges(const YamlNode& edge, const FixContext& context, Fixes* fixes) {
  const std::vector<PossibleEdge> possible = PossibleEdges(context.pipeline, edge.place);
  for (size_t i = 0; i < std::min(possible.size(), kMostEdges); ++i) {
    const std::string text = EdgeText(context.pipeline, possible[i]);
    fixes->push_back({"write `" + text + "`", {context.map.Replace(edge, text)}});
  }
}

std::string Trimmed(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

void AddForm(const YamlNode& edge, const FixContext& context, Fixes* fixes) {
  if (edge.kind != YamlNode::Kind::kScalar) return;
  for (const char* arrow : {"-->", "=>", "→", "- >", "—>", "->>", ">", ":", "-"}) {
    const size_t at = edge.text.find(arrow);
    if (at == std::string::npos || edge.text.find("->") != std::string::npos) continue;
    const std::string from = Trimmed(edge.text.substr(0, at));
    const std::string to = Trimmed(edge.text.substr(at + std::string_view(arrow).size()));
    fixes->push_back({"write `->`", {context.map.Replace(edge, from + " -> " + to)}});
  }
  const size_t first = edge.text.find("->");
  const size_t second = first == std::string::npos ? first : edge.text.find("->", first + 2);
  if (second == std::string::npos) return;
  const std::string begin = Trimmed(edge.text.substr(0, second));
  std::string rest = edge.text.substr(first + 2);
  const YamlNode* const edges = context.map.At({"edges"});
  fixes->push_back(
      {"make it two edges", {context.map.Replace(edge, begin), context.map.AddItem(*edges, Trimmed(rest))}});
}

/// A stage that an edge names and nobody declares: all kinds are tried, with what they must be given.
void AddDeclarations(const std::string& name, const FixContext& context, Fixes* fixes) {
  const YamlNode* const stages = context.map.At({"stages"});
  if (stages == nullptr || stages->kind != YamlNode::Kind::kMap || name.empty()) return;
  for (const StageDescriptor* const stage : context.registry.all()) {
    std::string with;
    for (const OptionSpec& spec : stage->options) {
      if (spec.required) with += (with.empty() ? "" : ", ") + spec.name + ": " + LikelyValues(spec, context).front();
    }
    const std::string value = "{ uses: " + stage->name + (with.empty() ? "" : ", with: { " + with + " }") + " }";
    fixes->push_back({"declare the stage `" + name + "`", {context.map.AddEntry(*stages, YamlScalar(name), value)}});
  }
}

void AddPorts(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const size_t begin = context.map.OffsetOf(fault.place), end = NameEnd(context.map.text(), begin);
  const std::string name = context.map.text().substr(begin, end - begin);
  const StageDescription* const stage = context.pipeline.FindStage(name);
  if (stage == nullptr || stage->descriptor == nullptr) return;
  for (const PortSpec& port : stage->descriptor->outputs)
    fixes->push_back({"write `" + name + "." + port.name + "`", {{end, end, "." + port.name}}});
}

/// What is wrong lies in one edge.
void AddEdge(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const YamlNode* const edge = EdgeAt(fault, context);
  if (edge == nullptr) return;
  const size_t begin = context.map.OffsetOf(fault.place), end = NameEnd(context.map.text(), begin);
  if (fault.rule == Rule::kUndeclaredCycle) {
    fixes->push_back({"declare the cycle", {context.map.Replace(*edge, fault.suggestion)}});
  } else if (!fault.suggestion.empty()) {
    fixes->push_back({"write `" + fault.suggestion + "`", {{begin, end, fault.suggestion}}});
  }
  if (fault.rule == Rule::kBackWithoutCycle) {
    for (const YamlEntry& entry : edge->entries) {
      if (entry.key == "back")
        fixes->push_back({"take out `back`", {context.map.Cut(context.map.OffsetOf(entry.place))}});
    }
  }
  if (fault.rule == Rule::kOutputNotNamed) AddPorts(fault, context, fixes);
  if (fault.rule == Rule::kUnknownInput && begin > 0 && context.map.text()[begin - 1] == '.')
    fixes->push_back({"leave the input's name out", {{begin - 1, end, ""}}});
  if (fault.rule == Rule::kEdgeForm) AddForm(*edge, context, fixes);
  AddOtherEdges(*edge, context, fixes);
  fixes->push_back({"take the edge out", {context.map.Cut(edge->offset)}});
  if (fault.rule == Rule::kEdgeUnknownStage)
    AddDeclarations(context.map.text().substr(begin, end - begin), context, fixes);
}

/// Edges that are there, led to the stage at the fault instead.
void AddRedirected(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const std::vector<StageDescription>& stages = context.pipeline.stages;
  const auto stage = std::find_if(stages.begin(), stages.end(), [&](const auto& s) { return s.place == fault.place; });
  if (stage == stages.end()) return;
  for (const EdgeDescription& edge : context.pipeline.edges) {
    const StageDescription& from = stages[edge.from];
    const auto spot = context.map.Find(edge.place);
    if (edge.port >= from.output_payloads.size() || !spot || spot->nodes.size() < 3) continue;
    if (!PayloadIs(from.output_payloads[edge.port], stage->input_payload)) continue;
    const std::string text =
        EdgeText(context.pipeline, {edge.from, static_cast<size_t>(stage - stages.begin()), edge.port, false});
    fixes->push_back({"write `" + text + "`", {context.map.Replace(*spot->nodes[2], text)}});
  }
}

/// What is wrong is an edge that is not there.
void AddMissingEdge(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const YamlNode* const edges = context.map.At({"edges"});
  if (edges == nullptr || edges->items.empty()) return;
  for (const PossibleEdge& edge : PossibleEdges(context.pipeline, std::nullopt)) {
    if (fixes->size() >= kMostEdges) break;
    const bool touches = context.pipeline.stages[edge.from].place == fault.place ||
                         context.pipeline.stages[edge.to].place == fault.place;
    if (!touches && fault.rule != Rule::kUnreachable) continue;
    const std::string text = EdgeText(context.pipeline, edge);
    fixes->push_back({"add the edge `" + text + "`", {context.map.AddItem(*edges, text)}});
  }
  if (fault.rule == Rule::kInputNotConnected) AddRedirected(fault, context, fixes);
  fixes->push_back({"take the stage out", {context.map.Cut(context.map.OffsetOf(fault.place))}});
}

/// A pipeline without usable edges gets those that its stages allow.
void AddAllEdges(const FixContext& context, Fixes* fixes) {
  const YamlNode* const root = context.map.root();
  if (root == nullptr || root->kind != YamlNode::Kind::kMap) return;
  std::string list;
  for (const PossibleEdge& edge : ConnectAll(context.pipeline)) list += "\n  - " + EdgeText(context.pipeline, edge);
  if (list.empty()) return;
  for (const YamlEntry& entry : root->entries) {
    if (entry.key != "edges") continue;
    const bool text = entry.value->kind == YamlNode::Kind::kScalar;
    if (text) fixes->push_back({"make it a list", {context.map.ReplaceValue(entry, "[" + entry.value->text + "]")}});
    fixes->push_back({"connect the stages", {context.map.ReplaceValue(entry, list)}});
    return;
  }
  const std::string& all = context.map.text();
  fixes->push_back(
      {"connect the stages", {{all.size(), all.size(), (all.ends_with('\n') ? "" : "\n") + ("edges:" + list) + "\n"}}});
}

}  // namespace

void AddEdgeFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  switch (fault.rule) {
    case Rule::kEdgeForm:
    case Rule::kEdgeEndMissing:
    case Rule::kEdgeUnknownStage:
    case Rule::kEdgeFromSink:
    case Rule::kEdgeIntoSource:
    case Rule::kUnknownOutput:
    case Rule::kOutputNotNamed:
    case Rule::kUnknownInput:
    case Rule::kOutputTwice:
    case Rule::kPayloadMismatch:
    case Rule::kUnverifiedDrafts:
    case Rule::kUndeclaredCycle:
    case Rule::kBackWithoutCycle: return AddEdge(fault, context, fixes);
    case Rule::kInputNotConnected:
    case Rule::kOutputNotConnected:
    case Rule::kUnreachable: return AddMissingEdge(fault, context, fixes);
    case Rule::kMissingSection:
    case Rule::kWrongSection:
    case Rule::kEmptySection:
      if (fault.message.find("`edges") != std::string::npos) AddAllEdges(context, fixes);
      return;
    default: return;
  }
}

}  // namespace retort
