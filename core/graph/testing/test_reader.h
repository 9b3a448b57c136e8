// Tests from the `tests` section of a pipeline.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/testing/test_case.h"

namespace retort {

struct PipelineDescription;
struct StageDescription;

/// The keys of a test, of `mocks` and of `expect`, for reading, the schema and the reference.
struct TestKey {
  std::string_view name, text;
};
std::span<const TestKey> TestKeys();
std::span<const TestKey> MockKeys();
std::span<const TestKey> ExpectKeys();

/// The tests of a file, in its order; faulty ones are left out after reporting. `pipeline` is what they test: its
/// stages must be read already. Of a test under profiles, which may bring other stages, these are looked up only where
/// its profiles are the last of those `laid` over the pipeline.
class TestReader {
 public:
  /// `scope`: the template whose tests they are, "" for those of the pipeline; they name stages and outputs as it does.
  TestReader(const PipelineDescription& pipeline, const std::vector<std::string>& laid, std::string scope,
             Diagnostics& diagnostics)
      : pipeline_(pipeline), laid_(laid), scope_(std::move(scope)), diagnostics_(diagnostics) {}
  std::vector<TestCase> Read(const YamlNode& section);

 private:
  TestCase ReadTest(const YamlEntry& entry);
  void ReadSettings(const YamlEntry& entry, TestCase& test);
  void ReadProfiles(const YamlEntry& entry, TestCase& test);
  void ReadInputs(const YamlEntry& entry, TestCase& test);
  TestInput ReadInput(const std::string& stage, const YamlNode& node);
  void ReadMocks(const YamlEntry& entry, TestCase& test);
  MockAnswer ReadAnswer(const YamlNode& node, const StageDescription* stage, const std::string& owner);
  void ReadEnding(const YamlEntry& entry, const StageDescription* stage, const std::string& owner, MockAnswer& answer);
  void ReadExpectations(const YamlEntry& entry, TestCase& test);
  void ReadOutput(const YamlEntry& entry, Expectations& expect);
  void ReadStages(const YamlEntry& entry, Expectations& expect);
  StageRecords ReadRecords(const std::string& stage, const YamlNode& node, const std::string& owner);
  RecordMatcher ReadRecord(const YamlNode& node, const std::string& owner);
  std::optional<FieldMatcher> ReadNumber(const YamlEntry& entry, const std::string& owner);
  std::string ReadPointer(const std::string& key, Place place, const std::string& owner);

  /// A map to read on; null after reporting.
  const YamlNode* Map(const YamlNode& node, const std::string& owner, const std::string& expected);
  void ReportUnknown(const YamlNode& map, const std::string& owner, std::span<const TestKey> keys);
  void Fault(Place place, std::string message, std::string expected);
  /// The names that the pipeline gives to a stage, and to the end behind an output, that the test names.
  std::string FullName(const std::string& stage) const { return scope_.empty() ? stage : scope_ + "/" + stage; }
  std::string EndName(const std::string& output) const;
  /// The stage of this (full) name if tests may speak of it; null after reporting, or where stages are not known.
  const StageDescription* FindStage(const std::string& name, Place place, const std::string& owner);
  /// The names of the stages that read, or of those that nothing follows.
  std::vector<std::string> Ends(bool sources) const;

  const PipelineDescription& pipeline_;
  const std::vector<std::string>& laid_;
  const std::string scope_;
  Diagnostics& diagnostics_;
  std::string owner_;         // "test `name`"
  bool sound_ = true;         // the pipeline has no faults, which would bring others here
  bool stages_known_ = true;  // of the test that is read
};

}  // namespace retort
