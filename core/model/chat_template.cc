#include "core/model/chat_template.h"

#include <algorithm>
#include <array>
#include <optional>

namespace retort {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"system", "user", "assistant"};

bool Has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// What Python's str.strip() takes away, and with it Jinja's `trim`.
constexpr std::array<std::string_view, 29> kSpaces = {
    "\t",           "\n",           "\v",           "\f",           "\r",
    "\x1c",         "\x1d",         "\x1e",         "\x1f",         " ",
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

std::string_view Trim(std::string_view text) {
  const auto begins = [&](std::string_view space) { return text.starts_with(space); };
  const auto ends = [&](std::string_view space) { return text.ends_with(space); };
  for (auto it = kSpaces.begin(); (it = std::find_if(kSpaces.begin(), kSpaces.end(), begins)) != kSpaces.end();)
    text.remove_prefix(it->size());
  for (auto it = kSpaces.begin(); (it = std::find_if(kSpaces.begin(), kSpaces.end(), ends)) != kSpaces.end();)
    text.remove_suffix(it->size());
  return text;
}

std::string Content(const ChatMessage& message, bool trim) {
  return std::string(trim ? Trim(message.content) : message.content);
}

// A Jinja string literal's contents without its escapes.
std::string Unescape(std::string_view literal) {
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\' || i + 1 == literal.size()) {
      text += literal[i];
      continue;
    }
    const char escaped = literal[++i];
    text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
  }
  return text;
}

// The system message that a ChatML template writes by itself: the one system turn that stands in it as plain text.
std::string DefaultSystem(std::string_view jinja) {
  constexpr std::string_view kBegin = "<|im_start|>system", kEnd = "<|im_end|>";
  for (size_t at = jinja.find(kBegin); at != jinja.npos; at = jinja.find(kBegin, at + 1)) {
    std::string_view rest = jinja.substr(at + kBegin.size());
    const size_t newline = rest.starts_with("\n") ? 1 : rest.starts_with("\\n") ? 2 : 0;
    const size_t end = rest.find(kEnd);
    if (newline == 0 || end == rest.npos) continue;
    const std::string_view text = rest.substr(newline, end - newline);
    bool plain = true;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '\'' || text[i] == '"' || text[i] == '{' || text[i] == '}') {
        plain = false;
      }
    }
    if (plain) return Unescape(text);
  }
  return "";
}

// An expression of a template: literals and eos_token before and after the message's content.
struct Turn {
  std::string before, after;
  bool trim = false;
};

// Read `'a' + message['content'] | trim + eos_token`; nothing where there is anything else in it.
std::optional<Turn> ReadTurn(std::string_view expression) {
  Turn turn;
  bool content = false;
  while (true) {
    expression = Trim(expression);
    std::string& side = content ? turn.after : turn.before;
    if (expression.starts_with('\'') || expression.starts_with('"')) {
      size_t end = 1;
      while (end < expression.size() && expression[end] != expression[0]) end += expression[end] == '\\' ? 2 : 1;
      if (end >= expression.size()) return std::nullopt;
      side += Unescape(expression.substr(1, end - 1));
      expression.remove_prefix(end + 1);
    } else {
      const std::string_view term = Trim(expression.substr(0, expression.find('+')));
      const std::string_view name = Trim(term.substr(0, term.find('|')));
      const bool filtered = Has(term, "|");
      if (term == "eos_token") {
        side += "</s>";
      } else if (!content &&
                 (name == "message['content']" || name == "message[\"content\"]" || name == "message.content") &&
                 (!filtered || Trim(term.substr(term.find('|') + 1)) == "trim")) {
        content = true;
        turn.trim = filtered;
      } else {
        return std::nullopt;
      }
      expression.remove_prefix(std::min(expression.size(), expression.find('+')));
    }
    expression = Trim(expression);
    if (expression.empty()) break;
    if (expression[0] != '+') return std::nullopt;
    expression.remove_prefix(1);
  }
  if (!content) return std::nullopt;
  return turn;
}

// The first expression at or after `from` that is one turn and has `marker` in it.
std::optional<Turn> FindTurn(std::string_view jinja, size_t from, std::string_view marker) {
  for (size_t at = jinja.find("{{", from); at != jinja.npos; at = jinja.find("{{", at + 2)) {
    const size_t end = jinja.find("}}", at);
    if (end == jinja.npos) return std::nullopt;
    std::string_view expression = jinja.substr(at + 2, end - at - 2);
    if (expression.starts_with('-')) expression.remove_prefix(1);
    if (expression.ends_with('-')) expression.remove_suffix(1);
    if (!Has(expression, marker)) continue;
    if (auto turn = ReadTurn(expression)) return turn;
  }
  return std::nullopt;
}

}  // namespace

ChatTemplate ChatTemplate::Recognise(std::string_view jinja) {
  ChatTemplate chat;
  if (Has(jinja, "<think>") || Has(jinja, "reasoning_content")) return chat;
  if (Has(jinja, "<|im_start|>") && Has(jinja, "<|im_end|>") && !Has(jinja, "<|im_sep|>")) {
    chat.default_system_ = DefaultSystem(jinja);
    const bool qwen = Has(jinja, "Qwen") || chat.default_system_.starts_with("You are a helpful assistant");
    chat.family_ = Has(jinja, "SmolLM") ? Family::kSmolLm : qwen ? Family::kQwen2 : Family::kChatMl;
  } else if (Has(jinja, "<|start_header_id|>") && Has(jinja, "<|eot_id|>")) {
    chat.family_ = Family::kLlama3;
    chat.trim_user_ = chat.trim_answer_ = Has(jinja, "trim");
    constexpr std::string_view kDate = "set date_string = \"";
    if (const size_t at = jinja.find(kDate); at != jinja.npos && Has(jinja, "Cutting Knowledge Date: December 2023")) {
      const std::string_view date = jinja.substr(at + kDate.size());
      chat.system_header_ = "Cutting Knowledge Date: December 2023\nToday Date: ";
      chat.system_header_.append(date.substr(0, date.find('"'))).append("\n\n");
    }
  } else if (Has(jinja, "[/INST]") && !Has(jinja, "[SYSTEM_PROMPT]") && !Has(jinja, "<<SYS>>")) {
    if (chat.RecogniseMistral(jinja)) chat.family_ = Family::kMistral;
  }
  return chat;
}

bool ChatTemplate::RecogniseMistral(std::string_view jinja) {
  const size_t answers = std::min(jinja.rfind("== 'assistant'"), jinja.rfind("== \"assistant\""));
  const auto user = FindTurn(jinja, 0, "[INST]");
  const auto answer = answers == jinja.npos ? std::nullopt : FindTurn(jinja, answers, "content");
  if (!user || !answer) return false;
  user_begin_ = user->before, user_end_ = user->after, trim_user_ = user->trim;
  answer_begin_ = answer->before, answer_end_ = answer->after, trim_answer_ = answer->trim;
  if (Has(jinja, "loop.first and system_message")) system_place_ = SystemPlace::kFirstUser;
  if (Has(jinja, "loop.last and system_message")) system_place_ = SystemPlace::kLastUser;
  return true;
}

std::string_view ChatTemplate::name() const {
  switch (family_) {
    case Family::kNone: return "none";
    case Family::kChatMl: return "chatml";
    case Family::kSmolLm: return "smollm";
    case Family::kLlama3: return "llama3";
    case Family::kQwen2: return "qwen2";
    case Family::kMistral: return "mistral";
  }
  return "none";
}

Result<std::string> ChatTemplate::Apply(const std::vector<ChatMessage>& messages) const {
  if (family_ == Family::kNone) {
    return Unsupported(
        "chat template: the model has none that this build knows (chatml, smollm, llama3, qwen2, mistral); "
        "give the text with the model's own markers as `prompt` in place of `messages`");
  }
  if (messages.empty()) return InvalidArgument("messages: expected at least one message, got none");
  for (size_t i = 0; i < messages.size(); ++i) {
    if (std::find(kRoles.begin(), kRoles.end(), messages[i].role) != kRoles.end()) continue;
    return InvalidArgument("messages[" + std::to_string(i) + "].role: expected system, user or assistant, got '" +
                           messages[i].role + "'");
  }
  if (family_ == Family::kMistral) return ApplyMistral(messages);
  return family_ == Family::kLlama3 ? ApplyLlama3(messages) : ApplyChatMl(messages);
}

std::string ChatTemplate::ApplyChatMl(const std::vector<ChatMessage>& messages) const {
  std::string prompt;
  const auto add = [&](std::string_view role, std::string_view content) {
    prompt.append("<|im_start|>").append(role).append("\n").append(content).append("<|im_end|>\n");
  };
  if (messages[0].role != "system" && !default_system_.empty()) add("system", default_system_);
  for (const ChatMessage& message : messages) add(message.role, message.content);
  return prompt + "<|im_start|>assistant\n";
}

std::string ChatTemplate::ApplyLlama3(const std::vector<ChatMessage>& messages) const {
  std::string prompt;
  const auto add = [&](std::string_view role, std::string_view content) {
    prompt.append("<|start_header_id|>")
        .append(role)
        .append("<|end_header_id|>\n\n")
        .append(content)
        .append("<|eot_id|>");
  };
  size_t first = 0;
  if (!system_header_.empty()) {
    if (messages[0].role == "system") first = 1;
    add("system", system_header_ + (first == 1 ? Content(messages[0], trim_user_) : ""));
  }
  for (size_t i = first; i < messages.size(); ++i) add(messages[i].role, Content(messages[i], trim_user_));
  return prompt + "<|start_header_id|>assistant<|end_header_id|>\n\n";
}

Result<std::string> ChatTemplate::ApplyMistral(const std::vector<ChatMessage>& messages) const {
  const size_t first = messages[0].role == "system" ? 1 : 0;
  if (first == 1 && system_place_ == SystemPlace::kRefused) {
    return InvalidArgument(
        "messages[0].role: this model's template takes no system message; put its text into the first user message");
  }
  std::string prompt;
  for (size_t i = first; i < messages.size(); ++i) {
    const bool user = (i - first) % 2 == 0;
    if (messages[i].role != (user ? "user" : "assistant")) {
      return InvalidArgument("messages[" + std::to_string(i) + "].role: expected " + (user ? "user" : "assistant") +
                             ", since this model's template wants the two in turn, got " + messages[i].role);
    }
    if (!user) {
      prompt += answer_begin_ + Content(messages[i], trim_answer_) + answer_end_;
      continue;
    }
    const bool takes_system =
        first == 1 && i == (system_place_ == SystemPlace::kFirstUser ? first : messages.size() - 1);
    prompt +=
        user_begin_ + (takes_system ? messages[0].content + "\n\n" : "") + Content(messages[i], trim_user_) + user_end_;
  }
  return prompt;
}

}  // namespace retort
