// Edges: reading their two forms, finding the ports, and checking that the ports fit.
#include <algorithm>

#include "core/graph/nearest_name.h"
#include "core/graph/payload.h"
#include "core/graph/pipeline_reader.h"

namespace retort {
namespace {

constexpr std::string_view kArrow = "->";
constexpr std::string_view kEdgeForms = "`stage.port -> stage` or `{ from: stage.port, to: stage, back: true }`";

std::vector<std::string> PortNames(const std::vector<PortSpec>& ports) {
  std::vector<std::string> names;
  names.reserve(ports.size());
  for (const PortSpec& port : ports) names.push_back(port.name);
  return names;
}

std::string At(Place place) { return std::to_string(place.line) + ":" + std::to_string(place.column); }

}  // namespace

void PipelineReader::ReadEdges(const YamlNode& section) {
  std::vector<ScopedEdge> edges;
  for (const YamlNodePtr& item : section.items) edges.push_back({"", item});
  edges.insert(edges.end(), scoped_edges_.begin(), scoped_edges_.end());
  for (const ScopedEdge& scoped : edges) {
    auto edge = ReadEdge(*scoped.edge);
    if (edge) {
      edge->from.stage = scoped.prefix + edge->from.stage;
      edge->to.stage = scoped.prefix + edge->to.stage;
      Resolve(*std::move(edge));
    } else {
      edges_unclear_ = true;
    }
  }
}

std::optional<PipelineReader::Written> PipelineReader::ReadEdge(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return ReadEdgeText(node);
  if (node.kind == YamlNode::Kind::kMap) return ReadEdgeMap(node);
  diagnostics_.Error(Rule::kEdgeForm, node.place, "an edge is " + DescribeNode(node), std::string(kEdgeForms));
  return std::nullopt;
}

std::optional<PipelineReader::Written> PipelineReader::ReadEdgeText(const YamlNode& node) {
  const auto text = options_.ReadText(node, "an edge");
  if (!text) return std::nullopt;
  const size_t arrow = text->find(kArrow);
  if (arrow == std::string::npos || text->find(kArrow, arrow + 1) != std::string::npos) {
    diagnostics_.Error(Rule::kEdgeForm, node.place, DescribeNode(node) + " is not an edge", std::string(kEdgeForms));
    return std::nullopt;
  }
  Written edge{SplitEnd(node, *text, 0, arrow), SplitEnd(node, *text, arrow + kArrow.size(), text->size()), false,
               node.place};
  if (edge.from.stage.empty() || edge.to.stage.empty()) {
    diagnostics_.Error(Rule::kEdgeForm, node.place, DescribeNode(node) + " names only one stage",
                       std::string(kEdgeForms));
    return std::nullopt;
  }
  return edge;
}

std::optional<PipelineReader::Written> PipelineReader::ReadEdgeMap(const YamlNode& node) {
  const std::vector<std::string> keys = {"from", "to", "back"};
  ReportUnknownKeys(node, "edge", keys);
  OptionSpec back;
  back.name = "back";
  back.type = RETORT_OPTION_BOOL;
  back.default_value = "false";
  const OptionValues values = options_.ReadSection(&node, node.place, "edge", {back}, keys);
  Written edge;
  edge.place = node.place;
  edge.back = values.values.contains("back") && std::get<bool>(values.values.at("back"));
  bool complete = true;
  for (const auto& [key, end] : {std::pair{"from", &edge.from}, std::pair{"to", &edge.to}}) {
    const YamlEntry* const entry = OptionReader::FindMeant(node, key, keys);
    const YamlNode* const value = entry == nullptr ? nullptr : entry->value.get();
    if (value == nullptr) {
      diagnostics_.Error(Rule::kEdgeEndMissing, node.place, std::string("edge: `") + key + "` is missing",
                         std::string(kEdgeForms));
      complete = false;
      continue;
    }
    const auto text = options_.ReadText(*value, std::string("edge: `") + key + "`");
    if (text) *end = SplitEnd(*value, *text, 0, text->size());
    complete = complete && text.has_value();
  }
  return complete ? std::optional(edge) : std::nullopt;
}

PipelineReader::End PipelineReader::SplitEnd(const YamlNode& node, const std::string& text, size_t begin,
                                             size_t end) const {
  while (begin < end && text[begin] == ' ') ++begin;
  while (end > begin && text[end - 1] == ' ') --end;
  const std::string word = text.substr(begin, end - begin);
  const size_t dot = word.find('.');
  // Exact where the text stands in the source as it is; else the scalar's own place.
  const size_t first = node.offset + (node.quoted ? 1 : 0);
  const SourceText& source = source_.Of(node.place);
  const bool verbatim = first <= source.text().size() && source.text().compare(first, text.size(), text) == 0;
  const auto place = [&](size_t index) { return verbatim ? source.At(first + index) : node.place; };
  if (dot == std::string::npos) return {word, "", place(begin), place(begin)};
  return {word.substr(0, dot), word.substr(dot + 1), place(begin), place(begin + dot + 1)};
}

void PipelineReader::Resolve(Written written) {
  const bool begins = Redirect(written.from, true), ends = Redirect(written.to, false);
  const auto from = begins ? ResolveStage(written.from) : std::nullopt,
             to = ends ? ResolveStage(written.to) : std::nullopt;
  const uint32_t port = from ? ResolveOutput(written.from, *from) : kUnknownPort;
  if (to) CheckInput(written.to, *to);
  if (!from || !to) {  // what it meant to connect is not reported as not connected
    edges_unclear_ = true;
    return;
  }
  const EdgeDescription edge{*from, *to, port, written.back, written.place};
  const auto same = [&](const EdgeDescription& e) { return e.from == edge.from && e.port == edge.port; };
  const auto first = std::find_if(pipeline_.edges.begin(), pipeline_.edges.end(), same);
  const StageDescription& stage = pipeline_.stages[edge.from];
  const bool known = stage.descriptor != nullptr && port != kUnknownPort;
  if (known && first != pipeline_.edges.end()) {
    diagnostics_.Error(Rule::kOutputTwice, written.from.place,
                       "output `" + stage.name + "." + stage.descriptor->outputs[port].name +
                           "` is connected twice; the first edge is at " + At(first->place),
                       "one edge an output: a record goes one way");
  }
  if (known) CheckPayload(written, edge);
  pipeline_.edges.push_back(edge);
}

std::optional<size_t> PipelineReader::ResolveStage(const End& end) {
  std::vector<std::string> names;
  for (size_t i = 0; i < pipeline_.stages.size(); ++i) {
    if (pipeline_.stages[i].name == end.stage) return i;
    names.push_back(pipeline_.stages[i].name);
  }
  for (const auto& [name, instance] : instances_) names.push_back(name);
  if (names.empty()) return std::nullopt;  // `stages` is missing or faulty, and that is reported
  const std::string nearest = NearestName(end.stage, names);
  diagnostics_.Error(Rule::kEdgeUnknownStage, end.place,
                     "an edge names the stage `" + end.stage + "`, which is not declared", "one of " + NameList(names),
                     nearest);
  const auto meant = std::find(names.begin(), names.end(), nearest);
  const auto index = static_cast<size_t>(meant - names.begin());
  return index < pipeline_.stages.size() ? std::optional(index) : std::nullopt;
}

uint32_t PipelineReader::ResolveOutput(const End& end, size_t index) {
  const StageDescription& stage = pipeline_.stages[index];
  if (stage.descriptor == nullptr) return kUnknownPort;
  const std::string who = "stage `" + stage.name + "` (" + stage.uses + ")";
  const std::vector<std::string> names = PortNames(stage.descriptor->outputs);
  const auto find = [&](const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? kUnknownPort : static_cast<uint32_t>(found - names.begin());
  };
  if (names.empty()) {
    diagnostics_.Error(Rule::kEdgeFromSink, end.place, who + " has no outputs: it is a sink",
                       "an edge that begins at another stage");
  } else if (!end.port.empty()) {
    if (find(end.port) != kUnknownPort) return find(end.port);
    const std::string nearest = NearestName(end.port, names);
    diagnostics_.Error(Rule::kUnknownOutput, end.port_place, who + " has no output `" + end.port + "`",
                       "one of " + NameList(names), nearest);
    return find(nearest);
  } else if (names.size() == 1) {
    return 0;
  } else {
    diagnostics_.Error(Rule::kOutputNotNamed, end.place,
                       who + " has " + std::to_string(names.size()) + " outputs, and the edge names none",
                       "`" + stage.name + ".PORT` with " + NameList(names));
  }
  return kUnknownPort;
}

void PipelineReader::CheckInput(const End& end, size_t index) {
  const StageDescription& stage = pipeline_.stages[index];
  if (stage.descriptor == nullptr) return;
  const std::string who = "stage `" + stage.name + "` (" + stage.uses + ")";
  const std::vector<PortSpec>& inputs = stage.descriptor->inputs;
  if (inputs.empty()) {
    diagnostics_.Error(Rule::kEdgeIntoSource, end.place, who + " takes no records: it is a source",
                       "an edge that ends at another stage");
  } else if (!end.port.empty() && end.port != inputs[0].name) {
    diagnostics_.Error(Rule::kUnknownInput, end.port_place, who + " has no input `" + end.port + "`",
                       "`" + inputs[0].name + "`", NearestName(end.port, PortNames(inputs)));
  }
}

void PipelineReader::CheckPayload(const Written& written, const EdgeDescription& edge) {
  const StageDescription &from = pipeline_.stages[edge.from], &to = pipeline_.stages[edge.to];
  if (to.descriptor == nullptr || to.descriptor->inputs.empty()) return;
  const std::string &output = from.output_payloads[edge.port], &input = to.input_payload;
  if (PayloadIs(output, input)) {
    if (PayloadIs(output, "draft") && !PayloadIs(input, "draft")) {
      diagnostics_.Warning(Rule::kUnverifiedDrafts, written.place,
                           "`" + to.name + "` does not look at the drafts of `" + from.name +
                               "`: no rule decides which of their tokens stand",
                           "an edge to a stage that takes drafts, such as `verify`");
    }
    return;
  }
  diagnostics_.Error(Rule::kPayloadMismatch, written.place,
                     "`" + from.name + "." + from.descriptor->outputs[edge.port].name + "` gives `" + output +
                         "`, but `" + to.name + "." + to.descriptor->inputs[0].name + "` takes `" + input + "`",
                     "an output of type `" + input + "` or a kind of it");
}

void PipelineReader::CheckPorts() {
  if (edges_unclear_) return;
  bool gaps = false;
  std::vector<std::pair<size_t, uint32_t>> touched_outputs;
  std::vector<size_t> touched_inputs;
  for (const EdgeDescription& edge : pipeline_.edges) {
    touched_outputs.emplace_back(edge.from, edge.port);
    touched_inputs.push_back(edge.to);
  }
  const auto touched = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  for (size_t i = 0; i < pipeline_.stages.size(); ++i) {
    const StageDescription& stage = pipeline_.stages[i];
    if (stage.descriptor == nullptr) continue;
    if (!stage.descriptor->inputs.empty() && !touched(touched_inputs, i)) {
      gaps = true;
      diagnostics_.Error(
          Rule::kInputNotConnected, stage.place,
          "stage `" + stage.name + "`: nothing is connected to its input `" + stage.descriptor->inputs[0].name + "`",
          "an edge `... -> " + stage.name + "`");
    }
    for (uint32_t port = 0; port < stage.descriptor->outputs.size(); ++port) {
      const PortSpec& output = stage.descriptor->outputs[port];
      if (output.optional || touched(touched_outputs, std::pair(i, port)) ||
          touched(touched_outputs, std::pair(i, kUnknownPort)))
        continue;
      gaps = true;
      diagnostics_.Error(Rule::kOutputNotConnected, stage.place,
                         "stage `" + stage.name + "`: its output `" + output.name + "` is connected to nothing",
                         "an edge `" + stage.name + "." + output.name + " -> ...`");
    }
  }
  edges_unclear_ = gaps;  // what lies behind a gap is not said to be unreachable as well
}

}  // namespace retort
