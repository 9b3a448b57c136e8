// From chat messages to the prompt's text. The model's Jinja template is recognised, not interpreted: the families
// below are written out; any other is refused with a way out (raw prompts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

struct ChatMessage {
  std::string role, content;
};

class ChatTemplate {
 public:
  enum class Family { kNone, kChatMl, kSmolLm, kLlama3, kQwen2, kMistral };
  /// Recognise the `tokenizer.chat_template` text of a GGUF file; empty gives kNone, and so does a template that does
  /// more than its family (reasoning blocks, say), since guessing at it would give the model another prompt.
  static ChatTemplate Recognise(std::string_view jinja);
  Family family() const { return family_; }
  std::string_view name() const;
  /// The prompt with the marker that begins the assistant's answer, as the template gives it without tools. It does not
  /// have the begin-of-sequence token, which Encode adds (add_special); encode it with parse_special.
  /// Llama 3.1 and later: "Today Date" is the template's own fixed date, so that a prompt does not change from day to
  /// day. Errors: kUnsupported (kNone), kInvalidArgument (no messages, unknown role, an order that the template
  /// refuses).
  Result<std::string> Apply(const std::vector<ChatMessage>& messages) const;

 private:
  enum class SystemPlace { kRefused, kFirstUser, kLastUser };
  std::string ApplyChatMl(const std::vector<ChatMessage>& messages) const;
  std::string ApplyLlama3(const std::vector<ChatMessage>& messages) const;
  Result<std::string> ApplyMistral(const std::vector<ChatMessage>& messages) const;
  bool RecogniseMistral(std::string_view jinja);

  Family family_ = Family::kNone;
  std::string default_system_;                    // ChatML kinds: the system message where the first message is none
  std::string system_header_;                     // Llama 3.1: before the system message, and in its place
  bool trim_user_ = false, trim_answer_ = false;  // Llama 3 trims both or none
  std::string user_begin_, user_end_, answer_begin_, answer_end_;  // Mistral
  SystemPlace system_place_ = SystemPlace::kRefused;               // Mistral
};

}  // namespace retort
