#include "core/graph/pipeline_schema.h"

#include <cmath>

#include "core/graph/option_reader.h"
#include "core/graph/pipeline_keys.h"
#include "core/graph/testing/test_texts.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

Json Variable() { return {{"$ref", "#/$defs/variable"}}; }

/// `value`, or text with a variable in it.
Json OrVariable(Json value) { return {{"anyOf", Json::array({std::move(value), Variable()})}}; }

Json DefaultOf(const OptionSpec& spec) {
  const auto value = DefaultOptionValue(spec);
  if (!value.ok()) return nullptr;
  return std::visit([](const auto& v) { return Json(v); }, *value);
}

Json ScalarType(const OptionSpec& spec) {
  Json type = Json::object();
  switch (spec.type) {
    case RETORT_OPTION_BOOL: type["type"] = "boolean"; break;
    case RETORT_OPTION_INT: type["type"] = "integer"; break;
    case RETORT_OPTION_FLOAT: type["type"] = "number"; break;
    case RETORT_OPTION_ENUM: type["enum"] = spec.choices; break;
    default: type["type"] = Json::array({"string", "number", "boolean"});  // plain YAML text may look like a number
  }
  if (!std::isnan(spec.minimum)) type["minimum"] = spec.minimum;
  if (!std::isnan(spec.maximum)) type["maximum"] = spec.maximum;
  return type;
}

Json OptionSchema(const OptionSpec& spec) {
  Json scalar = OrVariable(ScalarType(spec));
  Json schema = scalar;
  if (spec.type == RETORT_OPTION_STRING_LIST)
    schema = {{"anyOf", Json::array({scalar, {{"type", "array"}, {"items", scalar}}})}};
  schema["description"] = spec.text + (spec.unit.empty() ? "" : " (" + spec.unit + ")");
  if (!spec.required) schema["default"] = DefaultOf(spec);
  return schema;
}

Json OptionMap(const std::vector<OptionSpec>& specs) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  Json required = Json::array();
  for (const OptionSpec& spec : specs) {
    schema["properties"][spec.name] = OptionSchema(spec);
    if (spec.required) required.push_back(spec.name);
  }
  if (!required.empty()) schema["required"] = required;
  return schema;
}

/// One entry under `stages:` that uses this stage.
Json StageSchema(const StageDescriptor& stage) {
  Json schema = OptionMap(StageKeys());
  Json with = OptionMap(stage.options);
  const bool with_required = with.contains("required");
  Json properties = {{"uses", {{"const", stage.name}, {"description", stage.summary}}}, {"with", std::move(with)}};
  for (auto& [name, value] : schema["properties"].items()) properties[name] = value;
  schema["description"] = stage.summary;
  schema["properties"] = std::move(properties);
  schema["required"] = with_required ? Json::array({"uses", "with"}) : Json::array({"uses"});
  return schema;
}

Json NamedMap(Json value, const char* text) {
  return {{"type", "object"}, {"description", text}, {"additionalProperties", std::move(value)}};
}

Json EdgeSchema() {
  Json end = {{"type", "string"}, {"description", "`stage` or `stage.port`"}};
  Json map = {{"type", "object"},
              {"additionalProperties", false},
              {"properties", {{"from", end}, {"to", end}, {"back", OrVariable({{"type", "boolean"}})}}},
              {"required", {"from", "to"}}};
  map["properties"]["back"]["description"] = "This edge closes a cycle.";
  Json text = {{"type", "string"}, {"pattern", "->"}, {"description", "`stage.port -> stage`"}};
  return {{"anyOf", Json::array({text, Variable(), map})}};
}

/// A profile holds what it changes, so nothing that is required elsewhere is required in it.
Json WithoutRequired(Json schema) {
  if (schema.is_object()) schema.erase("required");
  if (schema.is_structured()) {
    for (Json& part : schema) part = WithoutRequired(std::move(part));
  }
  return schema;
}

Json ProfilesSchema(const Json& properties) {
  Json sections = Json::object();
  for (const char* name : {"variables", "engine", "models", "edges"})
    sections[name] = WithoutRequired(properties.at(name));
  sections["stages"] = NamedMap({{"type", "object"}}, "Stages by name, as far as they change.");
  Json profile = {{"type", {"object", "null"}}, {"additionalProperties", false}, {"properties", std::move(sections)}};
  return NamedMap(std::move(profile), "Changes of the pipeline by name, for `--profile NAME`.");
}

Json TemplatesSchema(const Json& properties) {
  Json any = {{"type", "object"}}, text = {{"type", "string"}};
  Json parts = {{"parameters", NamedMap(Json::object(), "Parameters with their defaults; nothing = must be given.")},
                {"stages", properties.at("stages")},
                {"edges", properties.at("edges")},
                {"input", {{"type", "string"}, {"description", "The stage that takes the records."}}},
                {"outputs", NamedMap(std::move(text), "Its outputs, by name, and the stage and port that each is.")},
                {"tests", NamedMap(std::move(any), "Tests by name; `with` gives the parameters.")}};
  Json one = {{"type", "object"}, {"additionalProperties", false}, {"properties", parts}, {"required", {"stages"}}};
  return NamedMap(std::move(one), "Stages and edges with parameters, for stages with `template: NAME`.");
}

}  // namespace

nlohmann::ordered_json PipelineSchema(const Registry& registry) {
  Json definitions = {{"variable",
                       {{"type", "string"},
                        {"pattern", "\\$\\{[^}]+\\}"},
                        {"description", "Text with `${name}`, `${name:-default}` or `${ENV:NAME}` in it."}}}};
  Json names = Json::array(), cases = Json::array();
  for (const StageDescriptor* stage : registry.all()) {
    definitions["stage-" + stage->name] = StageSchema(*stage);
    names.push_back(stage->name);
    cases.push_back({{"if", {{"properties", {{"uses", {{"const", stage->name}}}}}, {"required", {"uses"}}}},
                     {"then", {{"$ref", "#/$defs/stage-" + stage->name}}}});
  }
  Json stage = {
      {"type", "object"},
      {"anyOf", Json::array({{{"required", {"uses"}}}, {{"required", {"template"}}}})},
      {"properties",
       {{"uses", OrVariable({{"enum", names}})},
        {"template", {{"type", "string"}, {"description", "A name under `templates:`, in place of `uses`."}}}}}};
  if (!cases.empty()) stage["allOf"] = cases;
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Retort pipeline"},
                 {"type", "object"},
                 {"additionalProperties", false}};
  Json scalar = {{"type", {"string", "number", "boolean", "null"}}};
  Json engine = OptionMap(EngineKeys()), edges = {{"type", "array"}, {"minItems", 1}, {"items", EdgeSchema()}};
  schema["required"] = {"retort"};  // what else must be there may stand in a file that is included
  const Json path = {{"type", "string"}};
  schema["properties"] = {
      {"retort", {{"const", kPipelineVersion}, {"description", "Version of the language."}}},
      {"name", {{"type", {"string", "number", "boolean"}}}},
      {"include",
       {{"anyOf", Json::array({path, {{"type", "array"}, {"items", path}}})},
        {"description", "Files over which this one is laid; paths are relative to it."}}},
      {"variables", NamedMap(scalar, "Defaults, overridden with `-s name=value`; nothing = must be given.")},
      {"engine", std::move(engine)},
      {"models", NamedMap(OptionMap(ModelKeys()), "Language models by name.")},
      {"stages", NamedMap(std::move(stage), "Stages by name.")},
      {"edges", std::move(edges)}};
  schema["properties"]["profiles"] = ProfilesSchema(schema["properties"]);
  schema["properties"]["tests"] = TestsSchema();
  schema["properties"]["templates"] = TemplatesSchema(schema["properties"]);
  definitions.update(TestDefinitions());
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace retort
