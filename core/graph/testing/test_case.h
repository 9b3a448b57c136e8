// A test that stands in a pipeline file, under `tests:`. The language: core/design/012-tests-in-pipelines.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/graph/testing/matcher.h"

namespace retort {

struct FieldMatcher {
  std::string pointer;  // JSON pointer (RFC 6901)
  Place place;
  Matcher matcher;
};

/// What a record must be like: all of these fields; others do not matter.
struct RecordMatcher {
  Place place;
  std::vector<FieldMatcher> fields;
};

/// What a stage that is not run does with a record.
struct MockAnswer {
  enum class Ending { kEmit, kFail, kSkip };
  Place place;
  std::optional<RecordMatcher> when;                                // nothing: with every record
  std::vector<std::pair<std::string, nlohmann::ordered_json>> set;  // values by JSON pointer
  std::vector<std::string> remove;                                  // JSON pointers
  Ending ending = Ending::kEmit;
  uint32_t port = 0;   // of kEmit
  std::string reason;  // of kFail and kSkip
};

struct StageMock {
  std::string stage;
  Place place;
  std::vector<MockAnswer> answers;  // the first one that suits a record is given
};

/// The records that one source reads.
struct TestInput {
  std::string stage;
  Place place;
  std::vector<std::string> lines;  // JSON; or text as it stands, which may be no record
};

/// What is expected of one stage: of the records that reach it where it is a last stage, of its figures otherwise.
struct StageRecords {
  std::string stage;
  Place place;
  std::vector<RecordMatcher> records;  // in the order of the input
};
struct StageFigures {
  std::string stage;
  RecordMatcher figures;
};

/// What must have come of the run. What is not named does not matter, but that no record fails where `failed` is not.
struct Expectations {
  Place place;
  std::vector<StageRecords> output;
  std::optional<RecordMatcher> each;  // of all records that reach last stages
  std::optional<FieldMatcher> count;  // of these records
  std::optional<StageRecords> failed;
  std::optional<FieldMatcher> skipped;
  std::vector<StageFigures> stages;
};

struct TestCase {
  std::string name;
  Place place;
  std::map<std::string, std::string> settings;  // as with `-s`: variables, and values by their path
  std::vector<std::string> profiles;
  std::optional<std::vector<TestInput>> inputs;  // nothing: sources read what they read
  std::vector<StageMock> mocks;
  Expectations expect;
};

}  // namespace retort
