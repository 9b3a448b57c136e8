#include "tools/cli/lossless_records.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/text_file.h"
#include "core/plugin/record.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Texts that repeat themselves, so that drafts from the text are found, and texts that do not.
constexpr const char* kPrompts[] = {
    "The cat sat on the mat, the dog sat on the mat, and then the",
    "one two three four one two three four one two",
    "The capital of France is",
    "In the beginning there was",
    "def add(a, b):\n    return",
    "Once upon a time, in a land far away,",
    "Monday, Tuesday, Wednesday,",
    "Water boils at a temperature of",
    "The answer is yes. The answer is no. The answer is",
    "She opened the door and saw",
    "Dear Sir or Madam, I am writing to",
    "1, 4, 9, 16, 25,",
    "To make an apple pie you need",
    "{\"name\": \"Ann\", \"age\": 31}, {\"name\": \"Bob\", \"age\":",
    "The quick brown fox jumps over the lazy dog. The quick brown",
    "It was the best of times, it was the worst of times, it was",
};

}  // namespace

Result<std::vector<std::string>> ReadPrompts(const std::string& path) {
  std::vector<std::string> prompts;
  if (path.empty()) {
    for (const char* const prompt : kPrompts) prompts.push_back(Json{{"prompt", prompt}}.dump());
    return prompts;
  }
  RETORT_ASSIGN_OR_RETURN(std::ifstream file, OpenToRead(path, "records to test with, one JSON object a line"));
  std::string line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    auto record = ParseJson(line);
    if (!record.ok() || !record->is_object())
      return InvalidArgument(path + ":" + std::to_string(number) + ": expected a JSON object");
    record->erase("id");
    prompts.push_back(record->dump());
  }
  if (prompts.empty()) return InvalidArgument(path + ": expected at least one record, got none");
  return prompts;
}

Status WriteRecords(const std::vector<std::string>& prompts, size_t count, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  for (size_t i = 0; i < count; ++i) {
    Json record = {{"id", "lossless-" + std::to_string(i + 1)}};
    record.update(Json::parse(prompts[i % prompts.size()]));
    file << record.dump() << '\n';
  }
  file.close();
  return file.good() ? Status() : ResourceExhausted(path + ": cannot be written");
}

}  // namespace retort::cli
