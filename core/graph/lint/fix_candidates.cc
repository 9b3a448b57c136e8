#include "core/graph/lint/fix_candidates.h"

#include <cmath>

#include <fmt/format.h>

#include "core/graph/pipeline_keys.h"

namespace retort {

Fixes FixCandidates(const Diagnostic& fault, const FixContext& context) {
  Fixes fixes;
  for (const auto add : {AddTextFixes, AddKeyFixes, AddValueFixes, AddVariableFixes, AddStageFixes, AddEdgeFixes}) {
    add(fault, context, &fixes);
  }
  return fixes;
}

const std::vector<OptionSpec>* SpecsAt(const std::vector<std::string>& path, const FixContext& context) {
  if (path.empty()) return nullptr;
  if (path[0] == "profiles" && path.size() > 2) return SpecsAt({path.begin() + 2, path.end()}, context);
  if (path[0] == "engine" && path.size() == 1) return &EngineKeys();
  if (path[0] == "models" && path.size() == 2) return &ModelKeys();
  if (path[0] != "stages" || path.size() < 2) return nullptr;
  if (path.size() == 2) return &StageKeys();
  const StageDescription* const stage = context.pipeline.FindStage(path[1]);
  const bool with = path.size() == 3 && path[2] == "with" && stage != nullptr && stage->descriptor != nullptr;
  return with ? &stage->descriptor->options : nullptr;
}

std::vector<std::string> LikelyValues(const OptionSpec& spec, const FixContext& context) {
  std::vector<std::string> values;
  if (spec.type == RETORT_OPTION_MODEL) {
    for (const ModelDescription& model : context.pipeline.models) values.push_back(model.name);
    return values.empty() ? std::vector<std::string>{"target"} : values;
  }
  if (!spec.example.empty()) return {spec.example};
  switch (spec.type) {
    case RETORT_OPTION_BOOL: return {"false"};
    case RETORT_OPTION_ENUM: return spec.choices;
    case RETORT_OPTION_STRING_LIST: return {"[]"};
    case RETORT_OPTION_INT:
    case RETORT_OPTION_FLOAT:
      return {fmt::format("{}", !std::isnan(spec.minimum)  ? spec.minimum
                                : std::isnan(spec.maximum) ? 1
                                                           : spec.maximum)};
    default: return {YamlScalar(spec.name)};
  }
}

Edit DeclareModel(const std::string& name, const FixContext& context) {
  const std::string model = "{ source: smollm2-135m-instruct }";
  const YamlNode* const models = context.map.At({"models"});
  if (models != nullptr && models->kind == YamlNode::Kind::kMap) return context.map.AddEntry(*models, name, model);
  return context.map.AddEntry(*context.map.root(), "models", "{ " + name + ": " + model + " }");
}

}  // namespace retort
