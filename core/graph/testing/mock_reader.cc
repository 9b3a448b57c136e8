// What stands in place of stages, from YAML.
#include <algorithm>
#include <array>

#include "core/graph/nearest_name.h"
#include "core/graph/pipeline.h"
#include "core/graph/testing/test_reader.h"
#include "core/graph/testing/yaml_value.h"

namespace retort {
namespace {

constexpr std::array<TestKey, 6> kMockKeys = {{
    {"when", "The records to which this is the answer: fields with values or conditions. Without it, every record."},
    {"set", "Values that the record is given, by field or JSON pointer."},
    {"remove", "Fields or JSON pointers that are taken from the record."},
    {"emit", "The output to which the record goes; may be left out where there is only one."},
    {"fail", "The record fails, with this reason."},
    {"skip", "The record is skipped, with this reason."},
}};

}  // namespace

std::span<const TestKey> MockKeys() { return kMockKeys; }

void TestReader::ReadMocks(const YamlEntry& entry, TestCase& test) {
  const YamlNode* const map = Map(*entry.value, owner_ + ": `mocks`", "a map from stage to answers");
  if (map == nullptr) return;
  for (const YamlEntry& part : map->entries) {
    const std::string owner = owner_ + ": the mock of `" + part.key + "`";
    const StageDescription* const stage = FindStage(FullName(part.key), part.place, owner_ + ": `mocks`");
    const StageDescriptor* const descriptor = stage == nullptr ? nullptr : stage->descriptor;
    if (descriptor != nullptr && descriptor->is_source())
      Fault(part.place, owner_ + ": stage `" + part.key + "` is a source", "`input:` with what it reads");
    if (descriptor != nullptr && descriptor->outputs.empty())
      Fault(part.place, owner_ + ": nothing follows stage `" + part.key + "`, so it is never run in a test",
            "`expect:` with what reaches it");
    StageMock mock{FullName(part.key), part.place, {}};
    for (const YamlNodePtr& item : ItemsOf(part.value)) mock.answers.push_back(ReadAnswer(*item, stage, owner));
    test.mocks.push_back(std::move(mock));
  }
}

MockAnswer TestReader::ReadAnswer(const YamlNode& node, const StageDescription* stage, const std::string& owner) {
  MockAnswer answer;
  answer.place = node.place;
  const YamlNode* const map = node.kind == YamlNode::Kind::kNull  // passes every record on
                                  ? &node
                                  : Map(node, owner, "a map with `set`, `emit`, `fail` or `skip`");
  if (map == nullptr) return answer;
  ReportUnknown(*map, owner, kMockKeys);
  size_t endings = 0;
  for (const YamlEntry& entry : map->entries) {
    if (entry.key == "when") answer.when = ReadRecord(*entry.value, owner + ": `when`");
    if (entry.key == "set" && Map(*entry.value, owner + ": `set`", "a map from field, or JSON pointer, to value")) {
      for (const YamlEntry& value : entry.value->entries)
        answer.set.emplace_back(ReadPointer(value.key, value.place, owner), JsonOf(*value.value));
    }
    if (entry.key == "remove") {
      for (const YamlNodePtr& item : ItemsOf(entry.value))
        answer.remove.push_back(ReadPointer(item->text, item->place, owner));
    }
    if (entry.key == "emit" || entry.key == "fail" || entry.key == "skip") {
      if (++endings > 1)
        Fault(entry.place, owner + ": a record goes one way, but here is `" + entry.key + "` as well",
              "one of `emit`, `fail` or `skip`");
      ReadEnding(entry, stage, owner, answer);
    }
  }
  const size_t outputs = stage == nullptr || stage->descriptor == nullptr ? 1 : stage->descriptor->outputs.size();
  if (endings == 0 && outputs > 1)
    Fault(node.place, owner + " does not say where the record goes",
          "`emit:` with the output's name, `fail:` or `skip:`");
  return answer;
}

void TestReader::ReadEnding(const YamlEntry& entry, const StageDescription* stage, const std::string& owner,
                            MockAnswer& answer) {
  if (entry.value->kind != YamlNode::Kind::kScalar) {
    Fault(entry.place, owner + ": `" + entry.key + "` is " + DescribeNode(*entry.value), "text");
    return;
  }
  answer.reason = entry.value->text;
  if (entry.key == "fail") answer.ending = MockAnswer::Ending::kFail;
  if (entry.key == "skip") answer.ending = MockAnswer::Ending::kSkip;
  if (entry.key != "emit" || stage == nullptr || stage->descriptor == nullptr) return;
  const std::vector<PortSpec>& outputs = stage->descriptor->outputs;
  const auto port =
      std::find_if(outputs.begin(), outputs.end(), [&](const PortSpec& p) { return p.name == answer.reason; });
  answer.port = static_cast<uint32_t>(port - outputs.begin());
  if (port != outputs.end()) return;
  answer.port = 0;
  std::vector<std::string> names;
  for (const PortSpec& output : outputs) names.push_back(output.name);
  diagnostics_.Error(Rule::kTestForm, entry.value->place,
                     owner + ": the stage has no output `" + entry.value->text + "`", "one of " + NameList(names),
                     NearestName(entry.value->text, names));
}

}  // namespace retort
