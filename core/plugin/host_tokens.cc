// Host functions: a model's tokens, and the texts that they stand for.
#include <string>
#include <vector>

#include "core/model/model.h"
#include "core/model/same_tokens.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/plugin/model_checks.h"

namespace retort {
namespace {

retort_code ModelTokenize(const retort_model* handle, retort_string text, uint32_t flags, const int32_t** tokens,
                          size_t* count) {
  return HostCall([&]() -> Status {
    thread_local std::vector<int32_t> buffer;
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}, {tokens, "tokens"}, {count, "count"}}));
    const Tokenizer::EncodeOptions options{.add_special = (flags & RETORT_TOKENIZE_ADD_SPECIAL) != 0,
                                           .parse_special = (flags & RETORT_TOKENIZE_PARSE_SPECIAL) != 0};
    RETORT_ASSIGN_OR_RETURN(buffer, handle->model->tokenizer().Encode(ViewOf(text), options));
    *tokens = buffer.data();
    *count = buffer.size();
    return {};
  });
}

retort_code ModelDetokenize(const retort_model* handle, const int32_t* tokens, size_t count, retort_string* text) {
  return HostCall([&]() -> Status {
    thread_local std::string buffer;
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}, {text, "text"}}));
    if (count > 0) RETORT_RETURN_IF_ERROR(NotNull({{tokens, "tokens"}}));
    RETORT_RETURN_IF_ERROR(CheckTokens(*handle->model, "tokens", tokens, count));
    buffer = handle->model->tokenizer().Decode(tokens, count);
    *text = ToAbi(buffer);
    return {};
  });
}

retort_code ModelToken(const retort_model* handle, int32_t token, retort_token* out) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}}));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_token", out));
    RETORT_RETURN_IF_ERROR(CheckTokens(*handle->model, "token", &token, 1));
    const Tokenizer& tokenizer = handle->model->tokenizer();
    uint32_t flags = tokenizer.IsSpecial(token) ? RETORT_TOKEN_SPECIAL : 0;
    if (tokenizer.IsEndToken(token)) flags |= RETORT_TOKEN_END;
    FillStruct(out, retort_token{sizeof *out, flags, ToAbi(tokenizer.TokenBytes(token))});
    return {};
  });
}

Result<std::vector<ChatMessage>> ParseMessages(std::string_view text) {
  auto parsed = ParseJson(text);
  if (!parsed.ok()) return parsed.status().Annotate("messages");
  if (!parsed->is_array())
    return InvalidArgument(std::string("messages: expected a list of {role, content}, got ") + parsed->type_name());
  std::vector<ChatMessage> messages;
  for (const auto& item : *parsed) {
    const std::string place = "messages[" + std::to_string(messages.size()) + "]";
    if (!item.is_object())
      return InvalidArgument(place + ": expected an object {role, content}, got " + item.type_name());
    for (const char* key : {"role", "content"}) {
      if (item.contains(key) && item[key].is_string()) continue;
      return InvalidArgument(place + "." + key + ": expected a string, got " +
                             (item.contains(key) ? item[key].type_name() : "nothing"));
    }
    messages.push_back({item["role"], item["content"]});
  }
  return messages;
}

retort_code ModelSameTokens(const retort_model* a, const retort_model* b) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{a, "model"}, {b, "model"}}));
    return CheckSameTokens(a->model->tokenizer(), b->model->tokenizer())
        .Annotate(NameOf(*a->model) + " and " + NameOf(*b->model));
  });
}

retort_code ModelApplyChatTemplate(const retort_model* handle, retort_string messages, retort_string* text) {
  return HostCall([&]() -> Status {
    thread_local std::string buffer;
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}, {text, "text"}}));
    RETORT_ASSIGN_OR_RETURN(const std::vector<ChatMessage> parsed, ParseMessages(ViewOf(messages)));
    Result<std::string> prompt = handle->model->chat_template().Apply(parsed);
    if (!prompt.ok()) return prompt.status().Annotate(NameOf(*handle->model));
    buffer = *std::move(prompt);
    *text = ToAbi(buffer);
    return {};
  });
}

}  // namespace

void FillTokenServices(retort_host& host) {
  host.model_tokenize = ModelTokenize;
  host.model_detokenize = ModelDetokenize;
  host.model_token = ModelToken;
  host.model_apply_chat_template = ModelApplyChatTemplate;
  host.model_same_tokens = ModelSameTokens;
}

}  // namespace retort
