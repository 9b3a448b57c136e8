// Records and figures against what a test expects of them.
#pragma once

#include <string>
#include <vector>

#include "core/graph/testing/test_case.h"

namespace retort {

/// One expectation that does not hold.
struct TestFailure {
  Place place;           // of the expectation
  std::string what;      // "record 2 (`b`): `/completion`"
  std::string expected;  // may be empty, as may `actual`
  std::string actual;
};

bool Suits(const RecordMatcher& expected, const nlohmann::ordered_json& record);

/// The fields of `record` that are not as expected, said of `what`.
std::vector<TestFailure> Compare(const RecordMatcher& expected, const nlohmann::ordered_json& record,
                                 const std::string& what);

/// Records in order against those expected; where there are more or fewer, only that. `what`: "output".
std::vector<TestFailure> Compare(const StageRecords& expected, const std::vector<nlohmann::ordered_json>& records,
                                 const std::string& what);

/// "record 2 (`b`)", by its field `id`; `index` counts from 0.
std::string RecordName(size_t index, const nlohmann::ordered_json& record);

}  // namespace retort
