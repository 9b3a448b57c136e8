#include "tools/cli/prompt_records.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/text_file.h"
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

constexpr const char* kSamples[] = {
    "What is the difference between weather and climate? Answer in three sentences.",
    "Write a short story about a lighthouse keeper who finds a letter in a bottle.",
    "Explain how a bicycle stays upright while it is moving.",
    "List five things to pack for a week of hiking in the mountains, and say why each matters.",
    "Translate into French: The train to Lyon leaves at seven, and we must not be late.",
    "Write a Python function that returns the second largest number of a list.",
    "A shop sells pens at 3 for 2 dollars. How much do 12 pens cost? Show your steps.",
    "Summarise in two sentences: Bees visit flowers for nectar and carry pollen from one to the next. Without them "
    "many "
    "plants could not set fruit, and farmers in some regions rent hives for the weeks in which their orchards bloom."};

}  // namespace

Result<std::vector<std::vector<int32_t>>> ReadPrompts(const std::string& path, const Model& model, size_t limit) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream in, OpenToRead(path, "a file with a JSON object a line"));
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

Result<std::vector<std::vector<int32_t>>> SamplePrompts(const Model& model) {
  const bool chat = model.chat_template().family() != ChatTemplate::Family::kNone;
  std::vector<std::vector<int32_t>> prompts;
  for (const char* const sample : kSamples) {
    std::string text = sample;
    if (chat) {
      RETORT_ASSIGN_OR_RETURN(text, model.chat_template().Apply({{"user", sample}}));
    }
    RETORT_ASSIGN_OR_RETURN(std::vector<int32_t> tokens,
                            model.tokenizer().Encode(text, {.add_special = !chat, .parse_special = true}));
    prompts.push_back(std::move(tokens));
  }
  return prompts;
}

}  // namespace retort::cli
