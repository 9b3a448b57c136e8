#include "core/model/chat_template.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/golden_file.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

std::vector<ChatMessage> ReadMessages(const nlohmann::json& json) {
  std::vector<ChatMessage> messages;
  for (const auto& message : json) messages.push_back({message["role"], message["content"]});
  return messages;
}

TEST(ChatTemplate, GivesThePromptsOfTheReference) {
  const std::map<std::string, std::string> families = {
      {"chatml", "chatml"},          {"qwen2", "qwen2"},        {"qwen2_5", "qwen2"},      {"llama3", "llama3"},
      {"llama3_1", "llama3"},        {"mistral_v1", "mistral"}, {"mistral_v3", "mistral"}, {"mistral_first", "mistral"},
      {"mistral_tekken", "mistral"}, {"smollm2", "smollm"}};
  const auto golden = ReadGoldenJson("chat.json");
  ASSERT_EQ(golden["templates"].size(), families.size());
  for (const auto& entry : golden["templates"]) {
    const auto name = entry["name"].get<std::string>();
    const ChatTemplate chat = ChatTemplate::Recognise(entry["jinja"].get<std::string>());
    EXPECT_EQ(chat.name(), families.at(name)) << name;
    for (const auto& c : entry["cases"]) {
      const auto prompt = chat.Apply(ReadMessages(c["messages"]));
      if (c["prompt"].is_null()) {
        EXPECT_EQ(prompt.status().code(), StatusCode::kInvalidArgument) << name << ": " << c;
      } else {
        ASSERT_TRUE(prompt.ok()) << name << ": " << c << prompt.status().ToString();
        EXPECT_EQ(*prompt, c["prompt"].get<std::string>()) << name << ": " << c;
      }
    }
  }
}

TEST(ChatTemplate, IsTheRealModelsOwn) {
  ASSERT_NE(RealModelFile(), nullptr);
  const ChatTemplate chat = ChatTemplate::Recognise(*RealModelFile()->GetString("tokenizer.chat_template"));
  EXPECT_EQ(chat.family(), ChatTemplate::Family::kSmolLm);
  EXPECT_EQ(*chat.Apply({{"user", "Hi"}}),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST(ChatTemplate, RefusesWhatItDoesNotKnow) {
  for (const char* jinja :
       {"", "{{ messages }}", "<|im_start|> <|im_end|> <think>", "<|im_start|> <|im_sep|> <|im_end|>",
        "[INST] <<SYS>> [/INST]", "[SYSTEM_PROMPT] [INST] [/INST]",
        "{{ '[INST]' + f(message['content']) + '[/INST]' }}", "{{ '[INST] [/INST]", "[/INST] == 'assistant' {{"}) {
    const ChatTemplate chat = ChatTemplate::Recognise(jinja);
    EXPECT_EQ(chat.family(), ChatTemplate::Family::kNone) << jinja;
    EXPECT_EQ(chat.name(), "none");
    const auto prompt = chat.Apply({{"user", "Hi"}});
    ASSERT_FALSE(prompt.ok()) << jinja;
    EXPECT_EQ(prompt.status().code(), StatusCode::kUnsupported);
    EXPECT_THAT(prompt.status().message(), HasSubstr("`prompt`"));
  }
}

TEST(ChatTemplate, RefusesNoMessagesAndUnknownRoles) {
  const ChatTemplate chat = ChatTemplate::Recognise("{{'<|im_start|>' + message['role'] + '<|im_end|>'}}");
  EXPECT_EQ(chat.family(), ChatTemplate::Family::kChatMl);
  EXPECT_EQ(chat.Apply({}).status().code(), StatusCode::kInvalidArgument);
  const auto prompt = chat.Apply({{"user", "Hi"}, {"robot", "beep"}});
  EXPECT_EQ(prompt.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(prompt.status().message(),
              HasSubstr("messages[1].role: expected system, user or assistant, got 'robot'"));
}

}  // namespace
}  // namespace retort
