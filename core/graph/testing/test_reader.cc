#include "core/graph/testing/test_reader.h"

#include <algorithm>
#include <array>

#include "core/graph/nearest_name.h"
#include "core/graph/pipeline.h"
#include "core/graph/testing/yaml_value.h"

namespace retort {
namespace {

constexpr std::array<TestKey, 5> kTestKeys = {{
    {"set", "Variables by name, and other values by their path, as with `-s`."},
    {"profiles", "Profiles to lay over the pipeline, as with `--profile`."},
    {"input",
     "The records that the source reads; with several sources a map from stage to records. A text is a line as "
     "it stands. Without it, sources read what they read."},
    {"mocks",
     "Stages that are not run, by name, and what each does with a record: one answer, or a list of which the "
     "first that suits is given."},
    {"expect", "What must have come of it."},
}};

constexpr const char* kRecord = "a map from field, or JSON pointer, to value or conditions";

bool EndsWith(const std::vector<std::string>& list, const std::vector<std::string>& end) {
  return list.size() >= end.size() && std::equal(end.rbegin(), end.rend(), list.rbegin());
}

std::vector<std::string> Names(std::span<const TestKey> keys) {
  std::vector<std::string> names;
  for (const TestKey& key : keys) names.emplace_back(key.name);
  return names;
}

}  // namespace

std::span<const TestKey> TestKeys() { return kTestKeys; }

std::vector<TestCase> TestReader::Read(const YamlNode& section) {
  std::vector<TestCase> tests;
  sound_ = !diagnostics_.HasErrors();
  for (const YamlEntry& entry : section.entries) tests.push_back(ReadTest(entry));
  return tests;
}

TestCase TestReader::ReadTest(const YamlEntry& entry) {
  TestCase test;
  test.name = entry.key;
  test.place = entry.place;
  owner_ = "test `" + entry.key + "`";
  const YamlNode* const map = Map(*entry.value, owner_, "a map with `input`, `mocks` and `expect`");
  if (map == nullptr) return test;
  ReportUnknown(*map, owner_, kTestKeys);
  if (const YamlEntry* const profiles = map->FindEntry("profiles")) ReadProfiles(*profiles, test);
  stages_known_ = sound_ && (test.profiles.empty() || EndsWith(laid_, test.profiles));
  const YamlEntry* expect = nullptr;
  for (const YamlEntry& part : map->entries) {
    if (part.key == "set") ReadSettings(part, test);
    if (part.key == "input") ReadInputs(part, test);
    if (part.key == "mocks") ReadMocks(part, test);
    if (part.key == "expect") expect = &part;
  }
  if (expect != nullptr) {
    ReadExpectations(*expect, test);
  } else {
    diagnostics_.Error(Rule::kTestExpectsNothing, entry.place, owner_ + " expects nothing",
                       "`expect:` with one of " + NameList(Names(ExpectKeys())));
  }
  return test;
}

void TestReader::ReadSettings(const YamlEntry& entry, TestCase& test) {
  const YamlNode* const map = Map(*entry.value, owner_ + ": `set`", "a map from variable, or path, to value");
  if (map == nullptr) return;
  for (const YamlEntry& value : map->entries) {
    if (value.value->kind == YamlNode::Kind::kScalar) {
      test.settings[value.key] = value.value->text;
    } else {
      Fault(value.value->place, owner_ + ": `set`: `" + value.key + "` is " + DescribeNode(*value.value),
            "one value; a list as text, `\"[a, b]\"`");
    }
  }
}

void TestReader::ReadProfiles(const YamlEntry& entry, TestCase& test) {
  for (const YamlNodePtr& item : ItemsOf(entry.value)) {
    if (item->kind == YamlNode::Kind::kScalar) {
      test.profiles.push_back(item->text);
    } else {
      Fault(item->place, owner_ + ": `profiles` has " + DescribeNode(*item), "a list of names under `profiles:`");
    }
  }
}

void TestReader::ReadInputs(const YamlEntry& entry, TestCase& test) {
  const YamlNode& node = *entry.value;
  const std::vector<std::string> sources = Ends(true);
  test.inputs.emplace();
  if (node.kind == YamlNode::Kind::kMap) {
    for (const YamlEntry& input : node.entries) {
      const StageDescription* const stage = FindStage(input.key, input.place, owner_ + ": `input`");
      if (stage != nullptr && stage->descriptor != nullptr && !stage->descriptor->is_source())
        Fault(input.place, owner_ + ": `input`: stage `" + input.key + "` is no source", "one of " + NameList(sources));
      test.inputs->push_back(ReadInput(input.key, *input.value));
    }
  } else if (node.kind != YamlNode::Kind::kSequence) {
    Fault(node.kind == YamlNode::Kind::kNull ? entry.place : node.place, owner_ + ": `input` is " + DescribeNode(node),
          "a list of records, or a map from source to records");
  } else if (sources.size() != 1 && stages_known_) {
    Fault(node.place,
          owner_ + ": `input` is a list, but the pipeline has " + std::to_string(sources.size()) + " sources",
          "a map from source to records: " + NameList(sources));
  } else {
    test.inputs->push_back(ReadInput(sources.empty() ? "" : sources[0], node));
  }
}

TestInput TestReader::ReadInput(const std::string& stage, const YamlNode& node) {
  TestInput input{stage, node.place, {}};
  if (node.kind != YamlNode::Kind::kSequence)
    Fault(node.place, owner_ + ": the input of `" + stage + "` is " + DescribeNode(node), "a list of records");
  for (const YamlNodePtr& item : node.items) {
    if (item->kind == YamlNode::Kind::kMap) {
      input.lines.push_back(JsonOf(*item).dump());
    } else if (item->kind == YamlNode::Kind::kScalar) {
      input.lines.push_back(item->text);
    } else {
      Fault(item->place, owner_ + ": a record of the input is " + DescribeNode(*item),
            "a map, or a line of JSON as text");
    }
  }
  return input;
}

RecordMatcher TestReader::ReadRecord(const YamlNode& node, const std::string& owner) {
  RecordMatcher record{node.place, {}};
  const YamlNode* const map = Map(node, owner, kRecord);
  if (map == nullptr) return record;
  for (const YamlEntry& entry : map->entries) {
    const std::string pointer = ReadPointer(entry.key, entry.place, owner);
    auto matcher = Matcher::Read(*entry.value, owner + ": `" + entry.key + "`", diagnostics_);
    if (matcher) record.fields.push_back({pointer, entry.place, *std::move(matcher)});
  }
  return record;
}

std::string TestReader::ReadPointer(const std::string& key, Place place, const std::string& owner) {
  if (!key.starts_with('/')) return (nlohmann::ordered_json::json_pointer() / key).to_string();
  try {
    static_cast<void>(nlohmann::ordered_json::json_pointer(key));
  } catch (const nlohmann::json::exception&) {
    Fault(place, owner + ": `" + key + "` is no JSON pointer",
          "a field's name, or a pointer as `/answers/0/text` (RFC 6901)");
  }
  return key;
}

const YamlNode* TestReader::Map(const YamlNode& node, const std::string& owner, const std::string& expected) {
  if (node.kind == YamlNode::Kind::kMap) return &node;
  Fault(node.place, owner + " is " + DescribeNode(node), expected);
  return nullptr;
}

void TestReader::ReportUnknown(const YamlNode& map, const std::string& owner, std::span<const TestKey> keys) {
  const std::vector<std::string> known = Names(keys);
  for (const YamlEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    diagnostics_.Error(Rule::kUnknownKey, entry.place, owner + ": there is no `" + entry.key + "` here",
                       "one of " + NameList(known), NearestName(entry.key, known));
  }
}

void TestReader::Fault(Place place, std::string message, std::string expected) {
  diagnostics_.Error(Rule::kTestForm, place, std::move(message), std::move(expected));
}

const StageDescription* TestReader::FindStage(const std::string& name, Place place, const std::string& owner) {
  if (!stages_known_) return nullptr;
  const StageDescription* const stage = pipeline_.FindStage(name);
  if (stage != nullptr) return stage;
  std::vector<std::string> names;
  for (const StageDescription& known : pipeline_.stages) names.push_back(known.name);
  diagnostics_.Error(Rule::kTestUnknownStage, place, owner + ": the pipeline has no stage `" + name + "`",
                     "one of " + NameList(names), NearestName(name, names));
  return nullptr;
}

std::string TestReader::EndName(const std::string& output) const {
  return scope_.empty() ? output : TemplateEnd(output);
}

std::vector<std::string> TestReader::Ends(bool sources) const {
  std::vector<std::string> names;
  for (const StageDescription& stage : pipeline_.stages) {
    if (stage.descriptor == nullptr) continue;
    if (sources ? stage.descriptor->is_source() : stage.descriptor->outputs.empty()) names.push_back(stage.name);
  }
  return names;
}

}  // namespace retort
