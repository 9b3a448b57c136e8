// Templates: stages and edges with parameters, and the places where they are used. Such a place, `solve` say, becomes
// the template's stages `solve/NAME`; edges to and from it lead to the stages that the template names.
#include <algorithm>

#include "core/graph/bind.h"
#include "core/graph/nearest_name.h"
#include "core/graph/pipeline_keys.h"
#include "core/graph/pipeline_reader.h"

namespace retort {
namespace {

constexpr size_t kMaxNesting = 8;

const std::vector<std::string>& InstanceKeys() {
  static const std::vector<std::string> keys = {"template", "with"};
  return keys;
}

const YamlNode* MapAt(const YamlNode& map, const std::string& key) {
  const YamlNode* const node = map.Find(key);
  return node != nullptr && node->kind == YamlNode::Kind::kMap ? node : nullptr;
}

}  // namespace

void PipelineReader::ReadTemplates(const YamlNode& section) {
  for (const YamlEntry& entry : section.entries) {
    const std::string owner = "template `" + entry.key + "`";
    if (entry.value->kind != YamlNode::Kind::kMap) {
      diagnostics_.Error(Rule::kTemplateForm, entry.value->place, owner + " is " + DescribeNode(*entry.value),
                         "a map with `stages:` and `edges:`");
      continue;
    }
    ReportUnknownKeys(*entry.value, owner, TemplateKeys());
    for (const char* const key : {"parameters", "stages", "outputs", "tests"}) {
      const YamlEntry* const part = entry.value->FindEntry(key);
      if (part != nullptr && part->value->kind != YamlNode::Kind::kMap && part->value->kind != YamlNode::Kind::kNull)
        diagnostics_.Error(Rule::kTemplateForm, part->value->place,
                           owner + ": `" + key + "` is " + DescribeNode(*part->value), "a map of names");
    }
    if (MapAt(*entry.value, "stages") == nullptr)
      diagnostics_.Error(Rule::kTemplateForm, entry.place, owner + " has no `stages:`",
                         "`stages:` with a map of names");
    templates_[entry.key] = entry.value.get();
  }
}

void PipelineReader::ReadInstance(const YamlEntry& entry, size_t nesting) {
  const std::string owner = "stage `" + entry.key + "`";
  ReportUnknownKeys(*entry.value, owner, InstanceKeys());
  const YamlNode& named = *OptionReader::FindMeant(*entry.value, "template", InstanceKeys())->value;
  const auto name = options_.ReadText(named, owner + ": `template`");
  Instance& instance = instances_[entry.key];  // known by name, whatever is wrong with it
  const auto found = name ? templates_.find(*name) : templates_.end();
  if (name && found == templates_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, node] : templates_) names.push_back(known);
    diagnostics_.Error(Rule::kUnknownTemplate, named.place, owner + ": there is no template `" + *name + "`",
                       names.empty() ? "a template under `templates:`" : "one of " + NameList(names),
                       NearestName(*name, names));
  } else if (budget_ == 0 || pipeline_.stages.size() > kMaxStages || scoped_edges_.size() > kMaxEdges) {
    ReportTooLarge(named.place);
  } else if (nesting > kMaxNesting) {
    diagnostics_.Error(Rule::kTemplateForm, named.place,
                       owner + ": templates stand in one another, more than " + std::to_string(kMaxNesting) + " deep",
                       "templates that do not use themselves");
  } else if (name) {
    if (const auto arguments = ReadArguments(entry, *found->second))
      return Expand(entry.key + "/", *found->second, *arguments, nesting, instance);
  }
  instance.unclear = true;
  options_.ExpandAll(*entry.value);
}

void PipelineReader::ReportTooLarge(Place place) {
  diagnostics_.Error(Rule::kTooLarge, place, "templates make too many stages, edges and values", "a smaller pipeline");
}

std::optional<PipelineReader::Arguments> PipelineReader::ReadArguments(const YamlEntry& entry,
                                                                       const YamlNode& definition) {
  Arguments arguments;
  bool complete = true;
  const std::string owner = "stage `" + entry.key + "`";
  const YamlNode* const parameters = MapAt(definition, "parameters");
  const YamlEntry* const with = OptionReader::FindMeant(*entry.value, "with", InstanceKeys());
  std::vector<std::string> names;
  if (parameters != nullptr)
    for (const YamlEntry& parameter : parameters->entries) names.push_back(parameter.key);
  if (with != nullptr && with->value->kind != YamlNode::Kind::kMap && with->value->kind != YamlNode::Kind::kNull)
    diagnostics_.Error(Rule::kWrongKind, with->value->place,
                       owner + ": parameters are a map, but here is " + DescribeNode(*with->value),
                       "`name: value` pairs");
  if (with != nullptr) ReportUnknownKeys(*with->value, owner, names);
  for (const std::string& name : names) {
    const YamlEntry* const given = with == nullptr ? nullptr : OptionReader::FindMeant(*with->value, name, names);
    arguments[name] = given != nullptr ? given->value : parameters->FindEntry(name)->value;
    const bool missing = given == nullptr && arguments[name]->kind == YamlNode::Kind::kNull;
    complete = complete && !missing;
    if (missing)
      diagnostics_.Error(Rule::kMissingParameter, with != nullptr ? with->place : entry.place,
                         owner + ": parameter `" + name + "` is missing", "`" + name + ":` under `with:`");
  }
  return complete ? std::optional(std::move(arguments)) : std::nullopt;
}

void PipelineReader::Expand(const std::string& prefix, const YamlNode& definition, const Arguments& arguments,
                            size_t nesting, Instance& instance) {
  if (const YamlNode* const stages = MapAt(definition, "stages")) {
    for (const YamlEntry& stage : stages->entries) {
      CheckStageName(stage);
      bound_.push_back(Bound(stage.value, arguments, &budget_));
      if (budget_ == 0) {  // it may be filled in by half
        ReportTooLarge(stage.place);
        instance.unclear = true;
        return;
      }
      ReadStageOrInstance({prefix + stage.key, stage.place, bound_.back()}, nesting + 1);
    }
  }
  if (const YamlNode* const edges = definition.Find("edges")) {
    if (edges->kind == YamlNode::Kind::kSequence) {
      for (const YamlNodePtr& edge : edges->items) scoped_edges_.push_back({prefix, Bound(edge, arguments, &budget_)});
    } else if (edges->kind != YamlNode::Kind::kNull) {
      diagnostics_.Error(Rule::kTemplateForm, edges->place, "`edges` is " + DescribeNode(*edges), "a list of edges");
    }
  }
  const auto end = [&](const YamlNode& node, const std::string& what) -> std::optional<End> {
    const YamlNodePtr bound = Bound(std::make_shared<YamlNode>(node), arguments, &budget_);
    const auto text = options_.ReadText(*bound, what);
    if (!text) return std::nullopt;
    End inner = SplitEnd(*bound, *text, 0, text->size());
    inner.stage = prefix + inner.stage;
    return inner;
  };
  if (const YamlNode* const input = definition.Find("input")) instance.input = end(*input, "`input`");
  if (const YamlNode* const outputs = MapAt(definition, "outputs")) {
    for (const YamlEntry& output : outputs->entries)
      if (const auto inner = end(*output.value, "output `" + output.key + "`")) instance.outputs[output.key] = *inner;
  }
}

bool PipelineReader::Redirect(End& end, bool output) {
  for (auto found = instances_.find(end.stage); found != instances_.end(); found = instances_.find(end.stage)) {
    const Instance& instance = found->second;
    if (instance.unclear) return false;
    const std::string who = "stage `" + end.stage + "`, which is a template,";
    if (!output) {
      if (!instance.input) {
        diagnostics_.Error(Rule::kEdgeIntoSource, end.place, who + " has no `input:`",
                           "`input:` in the template, with the stage that takes the records");
        return false;
      }
      end.stage = instance.input->stage;
      end.port = instance.input->port;
      continue;
    }
    std::vector<std::string> names;
    for (const auto& [name, inner] : instance.outputs) names.push_back(name);
    const std::string name = end.port.empty() && names.size() == 1 ? names[0] : end.port;
    const auto inner = instance.outputs.find(name);
    if (inner == instance.outputs.end()) {
      const bool unnamed = name.empty() && !names.empty();
      diagnostics_.Error(
          unnamed ? Rule::kOutputNotNamed : Rule::kUnknownOutput, unnamed ? end.place : end.port_place,
          who + (unnamed ? " has several outputs, and the edge names none" : " has no output `" + name + "`"),
          names.empty() ? "`outputs:` in the template" : "one of " + NameList(names), NearestName(name, names));
      return false;
    }
    end.stage = inner->second.stage;
    end.port = inner->second.port;
  }
  return true;
}

}  // namespace retort
