// Which of the known ways of cutting text into words a tokenizer.json describes.
#include "core/model/hf_model.h"
#include "core/model/json_text.h"

namespace retort {
namespace {

using Json = nlohmann::json;

#define RETORT_TIKTOKEN(numbers)                                                                                  \
  R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)" numbers R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|)" \
  R"(\s+(?!\S)|\s+)"
constexpr const char* kLlama3 = RETORT_TIKTOKEN(R"(\p{N}{1,3})");
constexpr const char* kQwen2 = RETORT_TIKTOKEN(R"(\p{N})");

bool Is(const Json& step, const char* type) { return JsonField(step, "type") == type; }

/// The byte-level step that only spells bytes, or cuts words by GPT-2's expression as well.
bool IsByteLevel(const Json& step, bool cuts) {
  const Json& regex = JsonField(step, "use_regex");  // files from before the switch cut
  return Is(step, "ByteLevel") && JsonField(step, "add_prefix_space") == false &&
         (regex.is_null() || regex == true) == cuts;
}

/// The words are what the expression finds.
bool Splits(const Json& step, const char* pattern) {
  const Json &behavior = JsonField(step, "behavior"), &invert = JsonField(step, "invert");
  return Is(step, "Split") && JsonField(JsonField(step, "pattern"), "Regex") == pattern &&
         ((behavior == "Isolated" && invert == false) || (behavior == "Removed" && invert == true));
}

}  // namespace

Result<std::string> RecogniseHfPreTokenizer(const Json& tokenizer, const std::string& where) {
  const Json& pre = JsonField(tokenizer, "pre_tokenizer");
  if (IsByteLevel(pre, true)) return std::string("gpt2");
  const Json& steps = JsonField(pre, "pretokenizers");
  if (Is(pre, "Sequence") && steps.is_array() && steps.size() == 2) {
    if (Is(steps[0], "Digits") && JsonField(steps[0], "individual_digits") == true && IsByteLevel(steps[1], true)) {
      return std::string("smollm");
    }
    if (IsByteLevel(steps[1], false)) {
      if (Splits(steps[0], kLlama3)) return std::string("llama-bpe");
      if (Splits(steps[0], kQwen2)) return std::string("qwen2");
    }
  }
  return Unsupported(where + ": pre_tokenizer: this build knows those of smollm, llama3, gpt2 and qwen2, got " +
                     JsonShown(pre, 300));
}

}  // namespace retort
