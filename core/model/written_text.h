// Texts that a model writes to prompts, with its keys and values: what measurements of drafting start from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/model/model.h"

namespace retort {

struct WrittenText {
  std::unique_ptr<KvSequence> kv;  // all tokens but the last
  size_t prompt = 0;               // tokens
  std::vector<int32_t> tokens;     // the prompt's, then the model's own
};

/// Let the model continue `prompts` by argmax, all at once, by `tokens` tokens at most. What it ends before two tokens,
/// and prompts that fill the context, are left out. Errors: those of Forward; kInvalidArgument where no text is left.
Result<std::vector<WrittenText>> WriteTexts(Model& model, std::span<const std::vector<int32_t>> prompts,
                                            int32_t tokens);

}  // namespace retort
