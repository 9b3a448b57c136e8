// Faults of keys: unknown, twice, missing.
#include <algorithm>

#include "core/graph/lint/fix_candidates.h"
#include "core/graph/pipeline_keys.h"

namespace retort {
namespace {

void AddUnknownKey(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  const YamlEntry* const entry = spot ? spot->entry() : nullptr;
  if (entry == nullptr) return;
  const size_t key = context.map.OffsetOf(entry->place);
  if (!fault.suggestion.empty() && spot->parent()->Find(fault.suggestion) == nullptr)
    fixes->push_back({"write `" + fault.suggestion + "`", {context.map.RenameKey(*entry, fault.suggestion)}});
  const std::vector<std::string> stage(spot->path.begin(), spot->path.end() - 1);
  if (stage.size() == 2 && stage[0] == "stages" && entry->value->kind == YamlNode::Kind::kScalar) {
    const std::string value(context.map.text(), entry->value->offset,
                            context.map.EndOf(*entry->value) - entry->value->offset);
    const YamlNode* const with = spot->parent()->Find("with");
    const Edit cut = context.map.Cut(key);
    if (with != nullptr && with->kind == YamlNode::Kind::kMap) {
      fixes->push_back({"move it into `with`", {cut, context.map.AddEntry(*with, entry->key, value)}});
    } else if (with == nullptr) {
      fixes->push_back({"move it into `with`",
                        {cut, context.map.AddEntry(*spot->parent(), "with", "{ " + entry->key + ": " + value + " }")}});
    }
  }
  fixes->push_back({"take out `" + entry->key + "`", {context.map.Cut(key)}});
}

/// Options without a default that the map at the fault, or the `with` of the stage there, does not give.
void AddMissingOption(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  if (!spot) return;
  std::vector<std::string> path(
      spot->path.begin(), spot->path.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(2, spot->path.size())));
  if (path.empty()) return;
  if (path[0] == "engine") path.resize(1);
  const bool stage = path[0] == "stages";
  if (stage) path.push_back("with");
  const std::vector<OptionSpec>* const specs = SpecsAt(path, context);
  if (specs == nullptr) return;
  const YamlNode* const section = context.map.At(path);
  for (const OptionSpec& spec : *specs) {
    if (!spec.required || (section != nullptr && section->Find(spec.name) != nullptr)) continue;
    for (const std::string& value : LikelyValues(spec, context)) {
      Fix fix{"add `" + spec.name + ": " + value + "`", {}};
      if (section != nullptr && section->kind == YamlNode::Kind::kMap) {
        fix.edits = {context.map.AddEntry(*section, spec.name, value)};
      } else {
        std::vector<std::string> owner(path.begin(), path.end() - 1);
        const YamlNode* const parent = context.map.At(owner);
        if (parent == nullptr) continue;
        const YamlEntry* const entry = parent->FindEntry(path.back());
        const std::string map = "{ " + spec.name + ": " + value + " }";
        fix.edits = {entry == nullptr ? context.map.AddEntry(*parent, path.back(), map)
                                      : context.map.ReplaceValue(*entry, map)};
      }
      if (spec.type == RETORT_OPTION_MODEL && context.pipeline.models.empty())
        fix.edits.push_back(DeclareModel(value, context));
      fixes->push_back(std::move(fix));
    }
  }
}

}  // namespace

void AddKeyFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const std::string version = std::to_string(kPipelineVersion);
  switch (fault.rule) {
    case Rule::kUnknownKey: return AddUnknownKey(fault, context, fixes);
    case Rule::kDuplicateKey:
    case Rule::kComplexKey:
      fixes->push_back({"take this one out", {context.map.Cut(context.map.OffsetOf(fault.place))}});
      return;
    case Rule::kMissingVersion:
      if (context.map.root() != nullptr && context.map.root()->kind == YamlNode::Kind::kMap)
        fixes->push_back(
            {"add `retort: " + version + "`", {context.map.AddEntry(*context.map.root(), "retort", version)}});
      return;
    case Rule::kWrongVersion:
      for (const YamlEntry& entry : context.map.root()->entries) {
        if (entry.key == "retort")
          fixes->push_back({"write `" + version + "`", {context.map.ReplaceValue(entry, version)}});
      }
      return;
    case Rule::kTestUnknownStage:
      if (const auto spot = context.map.Find(fault.place);
          spot && spot->entry() != nullptr && !fault.suggestion.empty())
        fixes->push_back(
            {"write `" + fault.suggestion + "`", {context.map.RenameKey(*spot->entry(), fault.suggestion)}});
      return;
    case Rule::kMissingOption: return AddMissingOption(fault, context, fixes);
    default: return;
  }
}

}  // namespace retort
