// Vocabularies of random byte-pair merges, and texts for them.
#pragma once

#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer.h"
#include "plugins/draft/vocabulary.h"
#include "tests/support/gguf_builder.h"

namespace retort::testing {

/// What the alignment knows of a tokenizer, which must outlive it.
inline drafting::Vocabulary VocabularyOf(const Tokenizer& tokenizer) {
  drafting::Vocabulary::Data data;
  for (int32_t token = 0; token < tokenizer.vocab_size(); ++token) {
    data.tokens.push_back({tokenizer.TokenBytes(token), tokenizer.IsSpecial(token), tokenizer.IsEndToken(token)});
  }
  data.beginning = tokenizer.Encode("", {.add_special = true}).value();
  data.bos = tokenizer.bos();
  data.eos = tokenizer.eos();
  data.encode = [&tokenizer](std::string_view text) { return tokenizer.Encode(text, {}); };
  return drafting::Vocabulary(std::move(data));
}

struct RandomBpe {
  uint64_t seed = 1;
  size_t merges = 60;
  std::vector<std::string> specials = {"<|end|>"};  // the first ends the text
  bool add_bos = false;                             // with the last special token
  std::string pre = "smollm";
};

/// A tokenizer over all bytes, with random merges of what texts of RandomText have.
inline std::unique_ptr<Tokenizer> MakeRandomBpe(const RandomBpe& options) {
  std::mt19937_64 random(options.seed);
  TokenizerData data;
  data.model = "gpt2";
  data.pre = options.pre;
  for (const std::string& special : options.specials) {
    data.tokens.push_back(special);
    data.token_types.push_back(3);
  }
  for (int byte = 0; byte < 256; ++byte) data.tokens.push_back(SpellByte(byte));
  std::vector<std::string> parts;
  for (const unsigned char byte : std::string(" abcde12\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"))
    parts.push_back(SpellByte(byte));
  std::set<std::string> known(data.tokens.begin(), data.tokens.end());
  for (size_t tries = 0; data.merges.size() < options.merges && tries < options.merges * 50; ++tries) {
    const std::string left = parts[random() % parts.size()], right = parts[random() % parts.size()];
    if (left.size() + right.size() > 16 || !known.insert(left + right).second) continue;
    data.merges.push_back(left + " " + right);
    data.tokens.push_back(left + right);
    parts.push_back(left + right);
  }
  data.token_types.resize(data.tokens.size(), 1);
  data.eos = 0;
  if (options.add_bos) data.bos = static_cast<int32_t>(options.specials.size()) - 1;
  data.add_bos = options.add_bos;
  return Tokenizer::Create(data).value();
}

/// Words of a few letters with numbers, accents and signs of several bytes between; `broken`: bytes that are no text.
inline std::string RandomText(std::mt19937_64& random, size_t pieces, bool broken = false) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "b",
                                                   "c",
                                                   "d",
                                                   "e",
                                                   " ",
                                                   " ",
                                                   "1",
                                                   "ab",
                                                   "de",
                                                   "\n",
                                                   "  ",
                                                   "\xC3\xA9",
                                                   "\xE2\x82\xAC",
                                                   " cab",
                                                   "2",
                                                   "'s",
                                                   ". ",
                                                   "\xF0\x9F\x98\x80"};
  static const std::vector<std::string> kBroken = {"\xFF", "\x80", "\xE2\x82", "\xF0\x9F", "\xC3"};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) {
    const bool bad = broken && random() % 8 == 0;
    text += bad ? kBroken[random() % kBroken.size()] : kPieces[random() % kPieces.size()];
  }
  return text;
}

}  // namespace retort::testing
