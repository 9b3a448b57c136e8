// From chat messages to the prompt's text. The model's Jinja template is recognised, not interpreted: the families
// below are written out; any other is refused with a way out (raw prompts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

struct ChatMessage { std::string role, content; };

class ChatTemplate {
 public:
  enum class Family { kNone, kChatMl, kSmolLm, kLlama3, kQwen2, kMistral };
  /// Recognise the `tokenizer.chat_template` text of a GGUF file; empty gives kNone.
  static ChatTemplate Recognise(std::string_view jinja);
  Family family() const { return family_; }
  std::string_view name() const;
  /// The prompt with the marker that begins the assistant's answer.
  /// Errors: kUnsupported (kNone), kInvalidArgument (no messages, unknown role).
  Result<std::string> Apply(const std::vector<ChatMessage>& messages) const;

 private:
  Family family_ = Family::kNone;
  std::string default_system_;
};

}  // namespace retort
