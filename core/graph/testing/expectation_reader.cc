// What a test expects, from YAML.
#include <array>

#include "core/graph/nearest_name.h"
#include "core/graph/pipeline.h"
#include "core/graph/testing/test_reader.h"

namespace retort {
namespace {

constexpr std::array<TestKey, 6> kExpectKeys = {{
    {"output",
     "The records that reach the last stage, in the order of the input, each by fields with values or "
     "conditions; with several last stages a map from stage to records."},
    {"each", "What every record that reaches a last stage is like."},
    {"count", "How many records reach last stages: a number or conditions."},
    {"failed",
     "The records that fail, in the order of the input: `id`, `line`, `stage`, `code`, `message`, `record`. "
     "Without it none may fail."},
    {"skipped", "How many records are skipped: a number or conditions."},
    {"stages",
     "Figures of stages by name: `calls`, `records_in`, `records_out`, `failed`, counters such as "
     "`tokens_generated`, and the means of samples such as `acceptance_length`."},
}};

}  // namespace

std::span<const TestKey> ExpectKeys() { return kExpectKeys; }

void TestReader::ReadExpectations(const YamlEntry& entry, TestCase& test) {
  Expectations& expect = test.expect;
  expect.place = entry.place;
  const YamlNode* const map =
      Map(*entry.value, owner_ + ": `expect`", "a map with what is expected, such as `output:`");
  if (map == nullptr) return;
  ReportUnknown(*map, owner_ + ": `expect`", kExpectKeys);
  if (map->entries.empty())
    diagnostics_.Error(Rule::kTestExpectsNothing, entry.place, owner_ + " expects nothing", "`output:`, for example");
  for (const YamlEntry& part : map->entries) {
    const std::string owner = owner_ + ": `" + part.key + "`";
    if (part.key == "output") ReadOutput(part, expect);
    if (part.key == "each") expect.each = ReadRecord(*part.value, owner);
    if (part.key == "count") expect.count = ReadNumber(part, owner);
    if (part.key == "failed") expect.failed = ReadRecords("", *part.value, owner);
    if (part.key == "skipped") expect.skipped = ReadNumber(part, owner);
    if (part.key == "stages") ReadStages(part, expect);
  }
}

void TestReader::ReadOutput(const YamlEntry& entry, Expectations& expect) {
  const YamlNode& node = *entry.value;
  const std::string owner = owner_ + ": `output`";
  const std::vector<std::string> sinks = Ends(false);
  if (node.kind == YamlNode::Kind::kMap) {
    for (const YamlEntry& part : node.entries) {
      const std::string name = EndName(part.key);
      const StageDescription* const stage = FindStage(name, part.place, owner);
      if (stage != nullptr && stage->descriptor != nullptr && !stage->descriptor->outputs.empty())
        Fault(part.place, owner + ": stage `" + part.key + "` is no last stage", "one of " + NameList(sinks));
      expect.output.push_back(ReadRecords(name, *part.value, owner));
    }
  } else if (node.kind == YamlNode::Kind::kSequence && sinks.size() != 1 && stages_known_) {
    Fault(node.place, owner + " is a list, but the pipeline has " + std::to_string(sinks.size()) + " last stages",
          "a map from stage to records: " + NameList(sinks));
  } else {
    expect.output.push_back(ReadRecords(sinks.empty() ? "" : sinks[0], node, owner));
  }
}

void TestReader::ReadStages(const YamlEntry& entry, Expectations& expect) {
  const std::string owner = owner_ + ": `stages`";
  const YamlNode* const map = Map(*entry.value, owner, "a map from stage to figures");
  if (map == nullptr) return;
  for (const YamlEntry& part : map->entries) {
    FindStage(FullName(part.key), part.place, owner);
    expect.stages.push_back({FullName(part.key), ReadRecord(*part.value, owner + ": `" + part.key + "`")});
  }
}

StageRecords TestReader::ReadRecords(const std::string& stage, const YamlNode& node, const std::string& owner) {
  StageRecords records{stage, node.place, {}};
  if (node.kind != YamlNode::Kind::kSequence)
    Fault(node.place, owner + " is " + DescribeNode(node), "a list of records; `[]` for none");
  for (const YamlNodePtr& item : node.items) records.records.push_back(ReadRecord(*item, owner));
  return records;
}

std::optional<FieldMatcher> TestReader::ReadNumber(const YamlEntry& entry, const std::string& owner) {
  auto matcher = Matcher::Read(*entry.value, owner, diagnostics_);
  if (!matcher) return std::nullopt;
  return FieldMatcher{"", entry.place, *std::move(matcher)};
}

}  // namespace retort
