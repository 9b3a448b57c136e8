#include "core/graph/pipeline_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

TEST(PipelineSchema, HoldsEveryStageWithItsOptions) {
  const Registry registry = testing::MakeSampleRegistry();
  const Json schema = PipelineSchema(registry);
  for (const StageDescriptor* stage : registry.all()) {
    const Json& definition = schema.at("$defs").at("stage-" + stage->name);
    EXPECT_EQ(definition.at("properties").at("uses").at("const"), stage->name);
    for (const OptionSpec& option : stage->options)
      EXPECT_TRUE(definition.at("properties").at("with").at("properties").contains(option.name)) << option.name;
  }
  const Json& draft = schema.at("$defs").at("stage-draft").at("properties").at("with").at("properties");
  EXPECT_EQ(draft.at("max_tokens").at("anyOf")[0], Json({{"type", "integer"}, {"minimum", 1.0}, {"maximum", 64.0}}));
  EXPECT_EQ(draft.at("max_tokens").at("default"), 8);
  EXPECT_EQ(draft.at("drafter").at("anyOf")[0].at("enum"), Json({"prompt-lookup", "ngram"}));
  EXPECT_EQ(schema.at("$defs").at("stage-write-jsonl").at("required"), Json({"uses", "with"}));
}

/// Counts schemas of single values; each must let a variable through.
size_t CheckScalars(const Json& schema) {
  size_t count = 0;
  if (schema.is_object()) {
    if (schema.contains("anyOf") && schema.at("anyOf")[0].contains("type") &&
        schema.at("anyOf")[0].at("type") != "array") {
      bool variable = false;
      for (const Json& way : schema.at("anyOf")) variable = variable || way == Json({{"$ref", "#/$defs/variable"}});
      EXPECT_TRUE(variable) << schema.dump();
      ++count;
    }
    for (const auto& [key, value] : schema.items()) count += CheckScalars(value);
  } else if (schema.is_array()) {
    for (const Json& value : schema) count += CheckScalars(value);
  }
  return count;
}

TEST(PipelineSchema, AcceptsVariablesInEveryScalar) {
  Json schema = PipelineSchema(testing::MakeSampleRegistry());
  for (const char* const literal : {"include", "tests", "templates"}) schema["properties"].erase(literal);
  for (const char* const literal : {"test-value", "test-record", "test-answer"}) schema["$defs"].erase(literal);
  EXPECT_GT(CheckScalars(schema), 20u);
  const auto has_variable =
      ::testing::ContainsRegex(schema.at("$defs").at("variable").at("pattern").get<std::string>());
  EXPECT_THAT("a${x}b", has_variable);
  EXPECT_THAT("${ENV:HOME:-x}", has_variable);
  EXPECT_THAT("$x {y}", ::testing::Not(has_variable));
}

TEST(PipelineSchema, EveryReferenceIsDefined) {
  const Json schema = PipelineSchema(testing::MakeSampleRegistry());
  const std::string text = schema.dump();
  for (size_t at = text.find("#/$defs/"); at != std::string::npos; at = text.find("#/$defs/", at + 1)) {
    const std::string name = text.substr(at + 8, text.find('"', at) - at - 8);
    EXPECT_TRUE(schema.at("$defs").contains(name)) << name;
  }
}

}  // namespace
}  // namespace retort
