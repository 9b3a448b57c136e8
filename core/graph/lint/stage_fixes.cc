// Faults of models and stages: what is unknown, unused, without a kind, or badly named.
#include <algorithm>

#include "core/graph/lint/fix_candidates.h"
#include "core/graph/nearest_name.h"

namespace retort {
namespace {

/// The registry's stages, those with a name like `name` first.
std::vector<std::string> StagesLike(const std::string& name, const Registry& registry) {
  std::vector<std::string> names = registry.StageNames();
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return EditDistance(name, a) < EditDistance(name, b);
  });
  return names;
}

void AddUnknownModel(const Diagnostic& fault, const YamlSpot& spot, const FixContext& context, Fixes* fixes) {
  const auto write = [&](const std::string& name) {
    fixes->push_back({"write `" + name + "`", {context.map.Replace(spot.node(), name)}});
  };
  if (!fault.suggestion.empty()) write(fault.suggestion);
  if (context.pipeline.models.size() == 1) write(context.pipeline.models[0].name);
  const std::string& name = spot.node().text;
  if (name.find("${") == std::string::npos)
    fixes->push_back({"declare the model `" + name + "`", {DeclareModel(YamlScalar(name), context)}});
  for (const ModelDescription& model : context.pipeline.models) write(model.name);
}

void AddStageName(const YamlEntry& entry, const FixContext& context, Fixes* fixes) {
  std::string name = entry.key.empty() ? "stage" : entry.key;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == ' ' || c == '>' || c == '/'; }, '-');
  Fix fix{"call it `" + name + "`", {context.map.RenameKey(entry, name)}};
  const YamlNode* const edges = context.map.At({"edges"});
  const size_t begin = edges == nullptr ? context.map.text().size() : edges->offset;
  const size_t end = edges == nullptr ? begin : context.map.EndOf(*edges);
  const std::string& text = context.map.text();
  for (size_t at = text.find(entry.key, begin); !entry.key.empty() && at < end; at = text.find(entry.key, at + 1))
    fix.edits.push_back({at, at + entry.key.size(), name});
  fixes->push_back(std::move(fix));
}

/// A stage that does not say what it is, or says it wrongly: all kinds are tried.
void AddUses(const YamlEntry& stage, const std::string& first, const FixContext& context, Fixes* fixes) {
  const YamlEntry* const uses = stage.value->FindEntry("uses");
  std::vector<std::string> names = StagesLike(stage.key, context.registry);
  if (!first.empty()) names.insert(names.begin(), first);
  for (const std::string& name : names) {
    Fix fix{"write `uses: " + name + "`", {}};
    if (uses != nullptr) {
      fix.edits = {context.map.ReplaceValue(*uses, name)};
    } else if (stage.value->kind == YamlNode::Kind::kMap) {
      fix.edits = {context.map.AddEntry(*stage.value, "uses", name)};
    } else {
      fix.edits = {context.map.ReplaceValue(stage, "{ uses: " + name + " }")};
    }
    fixes->push_back(std::move(fix));
  }
}

}  // namespace

void AddStageFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  if (!spot || spot->path.size() < 2) return;
  const YamlNode* const section = context.map.At({spot->path[0]});
  const YamlEntry* const entry = section->FindEntry(spot->path[1]);
  if (entry == nullptr) return;
  switch (fault.rule) {
    case Rule::kUnknownModel: return AddUnknownModel(fault, *spot, context, fixes);
    case Rule::kStageName: return AddStageName(*entry, context, fixes);
    case Rule::kUnknownStage: return AddUses(*entry, fault.suggestion, context, fixes);
    case Rule::kMissingUses: return AddUses(*entry, "", context, fixes);
    case Rule::kStageKind:
      AddUses(*entry, NearestName(entry->value->text, context.registry.StageNames()), context, fixes);
      fixes->push_back({"take the stage out", {context.map.Cut(context.map.OffsetOf(entry->place))}});
      return;
    case Rule::kUnusedModel:
      fixes->push_back({"take the model out", {context.map.Cut(context.map.OffsetOf(entry->place))}});
      return;
    default: return;
  }
}

}  // namespace retort
