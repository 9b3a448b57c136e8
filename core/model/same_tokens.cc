#include "core/model/same_tokens.h"

#include <algorithm>
#include <string>

namespace retort {
namespace {

std::string Describe(const Tokenizer& tokenizer, int32_t token) {
  if (token >= tokenizer.vocab_size()) return "nothing";
  std::string text = "\"" + std::string(tokenizer.TokenBytes(token)) + "\"";
  if (tokenizer.IsSpecial(token)) text += " (special)";
  if (tokenizer.IsEndToken(token)) text += " (end of text)";
  return text;
}

bool Same(const Tokenizer& a, const Tokenizer& b, int32_t token) {
  return a.TokenBytes(token) == b.TokenBytes(token) && a.IsSpecial(token) == b.IsSpecial(token) &&
         a.IsEndToken(token) == b.IsEndToken(token);
}

}  // namespace

Status CheckSameTokens(const Tokenizer& a, const Tokenizer& b) {
  const int32_t both = std::min(a.vocab_size(), b.vocab_size());
  int32_t token = 0;
  while (token < both && Same(a, b, token)) ++token;
  if (token == both && a.vocab_size() == b.vocab_size()) return {};
  return Unsupported("the tokens are not the same: token " + std::to_string(token) + " is " + Describe(a, token) +
                     " and " + Describe(b, token) + " (" + std::to_string(a.vocab_size()) + " and " +
                     std::to_string(b.vocab_size()) + " tokens)");
}

}  // namespace retort
