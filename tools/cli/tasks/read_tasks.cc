#include <fstream>
#include <limits>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base/text_file.h"
#include "core/model/json_text.h"
#include "tools/cli/tasks/number_text.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

using Json = nlohmann::json;

Status Expected(const char* field, const char* what, const Json& got) {
  return InvalidArgument(std::string("`") + field + "`: expected " + what + ", got " +
                         (got.is_null() ? "nothing" : JsonShown(got)));
}

Result<std::string> TextOf(const Json& record, const char* field) {
  const Json& value = JsonField(record, field);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return Expected(field, "a text", value);
  return value.get<std::string>();
}

Status ReadQuestion(const Json& record, Task* task) {
  const Json& prompt = JsonField(record, "prompt");
  const Json& messages = JsonField(record, "messages");
  if (prompt.is_null() == messages.is_null())
    return InvalidArgument("expected either `prompt` (a text) or `messages` (a list of {role, content}), got " +
                           std::string(prompt.is_null() ? "neither" : "both"));
  if (messages.is_null()) {
    RETORT_ASSIGN_OR_RETURN(task->prompt, TextOf(record, "prompt"));
    return {};
  }
  if (!messages.is_array() || messages.empty()) return Expected("messages", "a list of {role, content}", messages);
  for (const Json& message : messages) {
    const Json& role = JsonField(message, "role");
    const Json& content = JsonField(message, "content");
    if (!role.is_string() || !content.is_string()) return Expected("messages", "a list of {role, content}", message);
    task->messages.push_back({role, content});
  }
  return {};
}

Status ReadCheck(const Json& record, Task* task) {
  static const std::map<std::string, TaskCheck> kChecks = {{"exact", TaskCheck::kExact},
                                                           {"prefix", TaskCheck::kPrefix},
                                                           {"contains", TaskCheck::kContains},
                                                           {"number", TaskCheck::kNumber},
                                                           {"first_word", TaskCheck::kFirstWord}};
  const Json& name = JsonField(record, "check");
  const auto found = name.is_string() ? kChecks.find(name.get<std::string>()) : kChecks.end();
  if (found == kChecks.end()) return Expected("check", "one of exact, prefix, contains, number, first_word", name);
  task->check = found->second;
  return {};
}

/// After ReadCheck, which says what an answer may be.
Status ReadAnswers(const Json& record, Task* task) {
  const Json& answer = JsonField(record, "answer");
  if (!answer.is_array()) {
    RETORT_ASSIGN_OR_RETURN(std::string text, TextOf(record, "answer"));
    if (task->check == TaskCheck::kNumber && !LastNumber(text)) return Expected("answer", "a number", answer);
    task->answers.push_back(std::move(text));
    return {};
  }
  if (task->check != TaskCheck::kContains || answer.empty())
    return Expected("answer", "a text (or, with `check: contains`, a list of one text or more)", answer);
  for (const Json& text : answer) {
    if (!text.is_string() || text.get_ref<const std::string&>().empty())
      return Expected("answer", "a list of texts", answer);
    task->answers.push_back(text.get<std::string>());
  }
  return {};
}

Result<Task> ReadTask(const std::string& line) {
  const Result<Json> record = ParseJsonObject(line);
  if (!record.ok()) return InvalidArgument(record.status().message());
  Task task;
  RETORT_ASSIGN_OR_RETURN(task.id, TextOf(*record, "id"));
  RETORT_ASSIGN_OR_RETURN(task.kind, TextOf(*record, "kind"));
  RETORT_RETURN_IF_ERROR(ReadQuestion(*record, &task));
  RETORT_RETURN_IF_ERROR(ReadCheck(*record, &task));
  RETORT_RETURN_IF_ERROR(ReadAnswers(*record, &task));
  const Json& most = JsonField(*record, "max_tokens");
  const bool whole = most.is_number_unsigned() && most.get<uint64_t>() <= std::numeric_limits<int32_t>::max();
  if (!whole || most == 0) return Expected("max_tokens", "a whole number of at least 1", most);
  task.max_tokens = most.get<int32_t>();
  return task;
}

}  // namespace

Result<std::vector<Task>> ReadTasks(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream in, OpenToRead(path, "a file with a task (a JSON object) a line"));
  std::vector<Task> tasks;
  std::map<std::string, size_t> lines;  // by id
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string place = path + ":" + std::to_string(number);
    Result<Task> task = ReadTask(line);
    if (!task.ok()) return task.status().Annotate(place);
    const auto [first, is_new] = lines.emplace(task->id, number);
    if (!is_new)
      return InvalidArgument(place + ": the id " + task->id + " stands in line " + std::to_string(first->second) +
                             " too; each task needs an id of its own");
    tasks.push_back(*std::move(task));
  }
  if (tasks.empty()) return InvalidArgument(path + ": expected at least one task, got none");
  return tasks;
}

}  // namespace retort::cli
