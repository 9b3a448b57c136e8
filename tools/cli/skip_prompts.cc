#include "tools/cli/skip_prompts.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/model/json_text.h"

namespace retort::cli {
namespace {

using Json = nlohmann::json;

Result<std::string> ChatText(const Json& messages, const Model& model) {
  std::vector<ChatMessage> chat;
  for (const Json& message : messages) {
    const Json& role = JsonField(message, "role");
    const Json& content = JsonField(message, "content");
    if (!role.is_string() || !content.is_string())
      return InvalidArgument("messages[" + std::to_string(chat.size()) +
                             "]: expected an object {role, content} of texts, got " + JsonShown(message));
    chat.push_back({role, content});
  }
  return model.chat_template().Apply(chat);
}

Result<std::vector<int32_t>> PromptOf(const std::string& line, const Model& model) {
  RETORT_ASSIGN_OR_RETURN(const Json record, ParseJsonObject(line));
  const Json& prompt = JsonField(record, "prompt");
  const Json& messages = JsonField(record, "messages");
  if (prompt.is_string() == messages.is_array())
    return InvalidArgument("expected either `prompt` (text) or `messages` (a list of {role, content}), got " +
                           JsonShown(record));
  std::string text = prompt.is_string() ? prompt.get<std::string>() : "";
  if (messages.is_array()) {
    RETORT_ASSIGN_OR_RETURN(text, ChatText(messages, model));
  }
  // A chat template writes its begin-of-sequence itself.
  return model.tokenizer().Encode(text, {.add_special = prompt.is_string(), .parse_special = true});
}

}  // namespace

Result<std::vector<std::vector<int32_t>>> ReadPrompts(const std::string& path, const Model& model, size_t limit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(path + ": cannot be read; expected a file with a JSON object a line");
  std::vector<std::vector<int32_t>> all;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto tokens = PromptOf(line, model);
    if (!tokens.ok()) return InvalidArgument(path + ":" + std::to_string(number) + ": " + tokens.status().message());
    if (!tokens->empty()) all.push_back(*std::move(tokens));
  }
  if (all.empty()) return InvalidArgument(path + ": expected at least one line with a prompt, got none");
  if (all.size() <= limit) return all;
  std::vector<std::vector<int32_t>> chosen;
  for (size_t i = 0; i < limit; ++i) chosen.push_back(std::move(all[i * all.size() / limit]));
  return chosen;
}

}  // namespace retort::cli
