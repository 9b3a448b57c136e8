#include "core/graph/testing/test_texts.h"

#include "core/graph/testing/test_reader.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

Json Reference(const char* definition) { return {{"$ref", std::string("#/$defs/") + definition}}; }

Json NamedMap(Json value) { return {{"type", "object"}, {"additionalProperties", std::move(value)}}; }

Json ListOf(Json value) { return {{"type", "array"}, {"items", std::move(value)}}; }

Json Either(Json one, Json other) { return {{"anyOf", Json::array({std::move(one), std::move(other)})}}; }

/// A closed map of these keys; `types` by key.
Json Map(std::span<const TestKey> keys, const Json& types) {
  Json properties = Json::object();
  for (const TestKey& key : keys) {
    Json type = types.at(std::string(key.name));
    type["description"] = key.text;
    properties[std::string(key.name)] = std::move(type);
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

Json ConditionsSchema() {
  const Json value = Json::object(), number = {{"type", "number"}}, text = {{"type", "string"}};
  const Json again = Reference("test-value");
  const Json types = {{"equals", value},
                      {"not", again},
                      {"contains", value},
                      {"starts_with", text},
                      {"ends_with", text},
                      {"matches", {{"type", "string"}, {"format", "regex"}}},
                      {"type", {{"enum", {"string", "number", "integer", "boolean", "array", "object", "null"}}}},
                      {"exists", {{"type", "boolean"}}},
                      {"greater_than", number},
                      {"at_least", number},
                      {"less_than", number},
                      {"at_most", number},
                      {"near", {{"type", "array"}, {"items", number}, {"minItems", 2}, {"maxItems", 2}}},
                      {"length", again},
                      {"one_of", {{"type", "array"}, {"minItems", 1}}},
                      {"each", again}};
  Json properties = Json::object();
  for (const auto& kind : Matcher::Kinds()) {
    Json type = types.at(std::string(kind.name));
    type["description"] = kind.text;
    properties[std::string(kind.name)] = std::move(type);
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"minProperties", 1}, {"properties", properties}};
}

std::string Table(std::span<const TestKey> keys) {
  std::string out = "| key | holds |\n| --- | --- |\n";
  for (const TestKey& key : keys) out += "| `" + std::string(key.name) + "` | " + std::string(key.text) + " |\n";
  return out + "\n";
}

}  // namespace

Json TestsSchema() {
  const Json scalar = {{"type", {"string", "number", "boolean", "null"}}};
  const Json text = {{"type", "string"}}, names = Either(text, ListOf(text));
  const Json record = Reference("test-record"), records = ListOf(record), number = Reference("test-value");
  const Json lines = ListOf({{"type", {"object", "string"}}});
  const Json answer = Reference("test-answer");
  const Json expect = Map(ExpectKeys(), {{"output", Either(records, NamedMap(records))},
                                         {"each", record},
                                         {"count", number},
                                         {"failed", records},
                                         {"skipped", number},
                                         {"stages", NamedMap(record)}});
  Json test = Map(TestKeys(), {{"set", NamedMap(scalar)},
                               {"profiles", names},
                               {"input", Either(lines, NamedMap(lines))},
                               {"mocks", NamedMap(Either(answer, ListOf(answer)))},
                               {"expect", expect}});
  test["required"] = {"expect"};
  Json section = NamedMap(std::move(test));
  section["description"] = "Tests by name, for `retort test`.";
  return section;
}

Json TestDefinitions() {
  const Json text = {{"type", {"string", "number", "boolean"}}}, record = Reference("test-record");
  Json answer = Map(MockKeys(), {{"when", record},
                                 {"set", {{"type", "object"}}},
                                 {"remove", Either({{"type", "string"}}, ListOf({{"type", "string"}}))},
                                 {"emit", text},
                                 {"fail", text},
                                 {"skip", text}});
  answer["type"] = {"object", "null"};
  Json value = {{"description", "The value itself, or conditions on it."},
                {"anyOf", Json::array({ConditionsSchema(), {{"not", {{"type", "object"}}}}})}};
  Json fields = NamedMap(Reference("test-value"));
  fields["description"] = "Fields, or JSON pointers such as `/usage/tokens`, with values or conditions.";
  return {{"test-value", std::move(value)}, {"test-record", std::move(fields)}, {"test-answer", std::move(answer)}};
}

std::string TestsMarkdown() {
  std::string out = "A test under `tests:` has a name and\n\n" + Table(TestKeys());
  out += "An answer under `mocks` has\n\n" + Table(MockKeys()) + "`expect` has\n\n" + Table(ExpectKeys());
  out +=
      "Fields are named as they are, or by a JSON pointer such as `/usage/tokens`. What is expected of one is its "
      "value, or a map of conditions that must all hold:\n\n| condition | with | holds where |\n| --- | --- | --- |\n";
  for (const auto& kind : Matcher::Kinds())
    out +=
        "| `" + std::string(kind.name) + "` | " + std::string(kind.operand) + " | " + std::string(kind.text) + " |\n";
  return out;
}

}  // namespace retort
