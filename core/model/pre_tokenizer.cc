#include "core/model/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <pcre2.h>

#include "core/model/utf8.h"

namespace retort {
namespace {

// Classes of Unicode 16, as the reference tokenizers have them, on any PCRE2: what was assigned after Unicode 14 is
// listed, since the PCRE2 installed may be that old.
#define RETORT_LETTERS R"(A-Za-z\p{L})" RETORT_NEW_LETTERS
#define RETORT_NUMBERS R"(0-9\p{N})" RETORT_NEW_NUMBERS
#define RETORT_NEW_LETTERS                                                                            \
  R"(\x{1c89}-\x{1c8a}\x{a7cb}-\x{a7cd}\x{a7da}-\x{a7dc}\x{105c0}-\x{105f3}\x{10d4a}-\x{10d65})"      \
  R"(\x{10d6f}-\x{10d85}\x{10ec2}-\x{10ec4}\x{1123f}-\x{11240}\x{11380}-\x{11389}\x{1138b}\x{1138e})" \
  R"(\x{11390}-\x{113b5}\x{113b7}\x{113d1}\x{113d3}\x{11bc0}-\x{11be0}\x{11f02}\x{11f04}-\x{11f10})"  \
  R"(\x{11f12}-\x{11f33}\x{1342f}\x{13441}-\x{13446}\x{13460}-\x{143fa}\x{16100}-\x{1611d})"          \
  R"(\x{16d40}-\x{16d6c}\x{18cff}\x{1b132}\x{1b155}\x{1df25}-\x{1df2a}\x{1e030}-\x{1e06d})"           \
  R"(\x{1e4d0}-\x{1e4eb}\x{1e5d0}-\x{1e5ed}\x{1e5f0}\x{2b739}\x{2ebf0}-\x{2ee5d}\x{31350}-\x{323af})"
#define RETORT_NEW_NUMBERS                                                                             \
  R"(\x{10d40}-\x{10d49}\x{116d0}-\x{116e3}\x{11bf0}-\x{11bf9}\x{11de0}-\x{11de9}\x{11f50}-\x{11f59})" \
  R"(\x{16130}-\x{16139}\x{16d70}-\x{16d79}\x{16ff4}-\x{16ff6}\x{1ccf0}-\x{1ccf9}\x{1d2c0}-\x{1d2d3})" \
  R"(\x{1e4f0}-\x{1e4f9}\x{1e5f1}-\x{1e5fa})"
// White_Space of the character database. PCRE2's own \s also takes U+180E, which lost the property in Unicode 6.3.
#define RETORT_SPACES R"(\x{9}-\x{d} \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"

#define RETORT_LETTER "[" RETORT_LETTERS "]"
#define RETORT_NUMBER "[" RETORT_NUMBERS "]"
#define RETORT_SPACE "[" RETORT_SPACES "]"
#define RETORT_SYMBOL "[^" RETORT_SPACES RETORT_LETTERS RETORT_NUMBERS "]"

struct Family {
  std::string_view name;
  const char* pattern;
};

constexpr const char* kGpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?" RETORT_LETTER "+| ?" RETORT_NUMBER "+| ?" RETORT_SYMBOL
                              "+|" RETORT_SPACE "+(?![^" RETORT_SPACES "])|" RETORT_SPACE "+";

// Two steps in one: numbers are cut out one by one, then the gpt2 expression runs over each piece between them. So a
// number ends a piece, and spaces before it stay together as they do at the end of the text.
constexpr const char* kSmolLm =
    RETORT_NUMBER "|'s|'t|'re|'ve|'m|'ll|'d| ?" RETORT_LETTER "+| ?" RETORT_SYMBOL "+|" RETORT_SPACE
                  "+(?![^" RETORT_SPACES RETORT_NUMBERS "])|" RETORT_SPACE "+";

#define RETORT_TIKTOKEN(numbers)                                                                                      \
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n" RETORT_LETTERS RETORT_NUMBERS "]?" RETORT_LETTER "+|" numbers               \
  "| ?" RETORT_SYMBOL "+[\\r\\n]*|" RETORT_SPACE "*[\\r\\n]+|" RETORT_SPACE "+(?![^" RETORT_SPACES "])|" RETORT_SPACE \
  "+"
constexpr const char* kLlama3 = RETORT_TIKTOKEN(RETORT_NUMBER "{1,3}");
constexpr const char* kQwen2 = RETORT_TIKTOKEN(RETORT_NUMBER);

// "gpt-2" is what converters write for "gpt2".
constexpr std::array kFamilies = {Family{"smollm", kSmolLm}, Family{"llama-bpe", kLlama3}, Family{"gpt2", kGpt2},
                                  Family{"gpt-2", kGpt2}, Family{"qwen2", kQwen2}};
constexpr auto kNames = [] {
  std::array<std::string_view, kFamilies.size()> names;
  std::transform(kFamilies.begin(), kFamilies.end(), names.begin(), [](const Family& f) { return f.name; });
  return names;
}();

constexpr size_t kWindowBytes = 4096;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using MatchData = std::unique_ptr<pcre2_match_data, Freer<pcre2_match_data_free>>;

}  // namespace

struct PreTokenizer::Regex {
  std::unique_ptr<pcre2_code, Freer<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_context, Freer<pcre2_match_context_free>> context;

  // Append the words of `text`; returns how many bytes were done before PCRE2 gave up, text.size() if it did not.
  size_t Run(std::string_view text, pcre2_match_data* match, std::vector<std::string_view>& words) const {
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match);
    size_t done = 0;
    while (done < text.size()) {
      const int found = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), done,
                                    PCRE2_NO_UTF_CHECK, match, context.get());
      if (found < 0 && found != PCRE2_ERROR_NOMATCH) return done;
      const size_t begin = found < 0 ? text.size() : range[0];
      if (begin > done) words.push_back(text.substr(done, begin - done));
      if (found < 0) return text.size();
      words.push_back(text.substr(begin, range[1] - begin));
      done = range[1];
    }
    return done;
  }
};

std::span<const std::string_view> PreTokenizer::KnownNames() { return kNames; }

Result<PreTokenizer> PreTokenizer::Create(std::string_view name, uint32_t match_limit) {
  const auto* family =
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& f) { return f.name == name; });
  if (family == kFamilies.end()) {
    std::string known;
    for (std::string_view n : kNames) known.append(known.empty() ? "" : ", ").append(n);
    return Unsupported("tokenizer.ggml.pre: '" + std::string(name) +
                       "' is no pre-tokenizer of this build; known: " + known);
  }
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto regex = std::make_shared<Regex>();
  regex->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(family->pattern), PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
  if (!regex->code)
    return Internal("pre-tokenizer '" + std::string(name) + "': PCRE2 error " + std::to_string(error) + " at " +
                    std::to_string(offset));
  // Where there is no JIT (say, no memory may be made executable) pcre2_match interprets.
  pcre2_jit_compile(regex->code.get(), PCRE2_JIT_COMPLETE);
  regex->context.reset(pcre2_match_context_create(nullptr));
  if (!regex->context) return ResourceExhausted("pre-tokenizer: no memory for PCRE2");
  pcre2_set_match_limit(regex->context.get(), match_limit);
  return PreTokenizer(std::move(regex));
}

void PreTokenizer::Split(std::string_view text, std::vector<std::string_view>& words) const {
  const MatchData match(pcre2_match_data_create(1, nullptr));
  if (!match) {
    words.push_back(text);
    return;
  }
  for (size_t done = regex_->Run(text, match.get(), words); done < text.size();) {
    size_t size = std::min(kWindowBytes, text.size() - done);
    while (done + size < text.size() && (static_cast<uint8_t>(text[done + size]) & 0xC0) == 0x80) --size;
    const std::string_view window = text.substr(done, size);
    const size_t matched = regex_->Run(window, match.get(), words);
    if (matched < size) words.push_back(window.substr(matched));
    done += size;
  }
}

}  // namespace retort
