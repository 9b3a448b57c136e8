// Tasks with checkable answers, a JSON object a line, as tools/tasks/make_tasks.py writes them:
//   {"id": "add-01", "kind": "add", "prompt": "...", "answer": "13", "check": "number", "max_tokens": 8}
// with `messages` (a list of {role, content}) instead of `prompt` for a chat, and a list of texts as `answer` where all
// of them are asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_template.h"

namespace retort::cli {

/// How a completion is compared with the answer. Its line is its first one that is not blank, without blanks around it.
enum class TaskCheck {
  kExact,      // the line is the answer
  kPrefix,     // the line begins with the answer, and with no longer word or number than the answer's last
  kContains,   // each answer stands somewhere in the completion as whole words, whatever the case
  kNumber,     // the last number of the line is the answer's value
  kFirstWord,  // the first word of the line is the answer, whatever the case
};

struct Task {
  std::string id, kind;
  std::string prompt;                 // raw text, or
  std::vector<ChatMessage> messages;  // a chat
  std::vector<std::string> answers;   // one; for kContains one or more
  TaskCheck check = TaskCheck::kExact;
  int32_t max_tokens = 0;  // enough for the answer
};

/// Read a file of tasks. Unknown fields are left alone. Errors: kNotFound (no such file), kInvalidArgument for a bad
/// line or an id that stands twice (FILE:LINE: what was expected and what came), or for a file without tasks.
Result<std::vector<Task>> ReadTasks(const std::string& path);

/// Whether a completion passes its task's check.
bool Passes(const Task& task, std::string_view completion);

}  // namespace retort::cli
