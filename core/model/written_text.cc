#include "core/model/written_text.h"

#include <string>

#include "core/model/logit_row.h"

namespace retort {

Result<std::vector<WrittenText>> WriteTexts(Model& model, std::span<const std::vector<int32_t>> prompts,
                                            int32_t tokens) {
  const auto vocab = static_cast<size_t>(model.hyper().vocab);
  const auto context = static_cast<size_t>(model.hyper().context_length);
  std::vector<WrittenText> live, done;
  for (const std::vector<int32_t>& prompt : prompts) {
    RETORT_ASSIGN_OR_RETURN(std::unique_ptr<KvSequence> kv, model.CreateSequence());
    if (!prompt.empty() && prompt.size() < context) live.push_back({std::move(kv), prompt.size(), prompt});
  }
  while (!live.empty()) {
    std::vector<ForwardItem> items;
    for (const WrittenText& text : live) {
      const std::span<const int32_t> pending = std::span(text.tokens).subspan(text.kv->length());
      items.push_back({text.kv.get(), pending, pending.size() - 1});
    }
    std::span<const float> logits;
    RETORT_RETURN_IF_ERROR(model.Forward(items, &logits));
    std::vector<WrittenText> rest;
    for (size_t i = 0; i < live.size(); ++i) {
      WrittenText& text = live[i];
      const int32_t token = FindPeak(logits.subspan(i * vocab, vocab)).token;
      const bool end = model.tokenizer().IsEndToken(token);
      if (!end) text.tokens.push_back(token);
      const size_t written = text.tokens.size() - text.prompt;
      if (!end && written < static_cast<size_t>(tokens) && text.tokens.size() < context) {
        rest.push_back(std::move(text));
      } else if (written >= 2) {
        done.push_back(std::move(text));
      }
    }
    live = std::move(rest);
  }
  if (!done.empty()) return done;
  return InvalidArgument("prompts: expected at least one that the model answers with two tokens or more, got " +
                         std::to_string(prompts.size()) + " that it does not; give other prompts");
}

}  // namespace retort
