#include "core/graph/testing/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/graph/nearest_name.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostNamed = 8;

/// The value at the pointer, or null.
const Json* At(const Json& record, const std::string& pointer) {
  const Json::json_pointer path(pointer);
  try {
    return record.contains(path) ? &record.at(path) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;  // such as "-", the place behind a list
  }
}

}  // namespace

bool Suits(const RecordMatcher& expected, const Json& record) {
  return std::all_of(expected.fields.begin(), expected.fields.end(), [&](const FieldMatcher& field) {
    return !field.matcher.Check(At(record, field.pointer)).has_value();
  });
}

std::vector<TestFailure> Compare(const RecordMatcher& expected, const Json& record, const std::string& what) {
  std::vector<TestFailure> failures;
  for (const FieldMatcher& field : expected.fields) {
    auto mismatch = field.matcher.Check(At(record, field.pointer));
    if (!mismatch) continue;
    const std::string pointer = field.pointer + mismatch->pointer;
    failures.push_back({field.place, pointer.empty() ? what : fmt::format("{}: `{}`", what, pointer),
                        std::move(mismatch->expected), std::move(mismatch->actual)});
  }
  return failures;
}

std::vector<TestFailure> Compare(const StageRecords& expected, const std::vector<Json>& records,
                                 const std::string& what) {
  if (records.size() != expected.records.size()) {
    std::vector<std::string> names;
    for (size_t i = 0; i < std::min(records.size(), kMostNamed); ++i) names.push_back(RecordName(i, records[i]));
    std::string came = std::to_string(records.size());
    if (!names.empty())
      came += fmt::format(": {}{}", fmt::join(names, ", "), records.size() > kMostNamed ? ", ..." : "");
    return {{expected.place, what, fmt::format("{} records", expected.records.size()), came}};
  }
  std::vector<TestFailure> failures;
  for (size_t i = 0; i < records.size(); ++i) {
    auto more = Compare(expected.records[i], records[i], fmt::format("{}: {}", what, RecordName(i, records[i])));
    std::move(more.begin(), more.end(), std::back_inserter(failures));
  }
  return failures;
}

std::string RecordName(size_t index, const Json& record) {
  std::string name = fmt::format("record {}", index + 1);
  const auto id = record.is_object() ? record.find("id") : record.end();
  if (record.is_object() && id != record.end())
    name += fmt::format(" (`{}`)", id->is_string() ? id->get<std::string>() : id->dump());
  return name;
}

}  // namespace retort
