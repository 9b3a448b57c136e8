#include "core/model/tokenizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "core/model/bpe.h"
#include "core/model/byte_spelling.h"
#include "core/model/pre_tokenizer.h"
#include "core/model/special_tokens.h"
#include "core/model/token_texts.h"
#include "core/model/utf8.h"

namespace retort {
namespace {

enum TokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
constexpr size_t kMaxTokens = size_t{1} << 24;

// Texts that end a turn in the chat formats of the model families we read.
constexpr std::array<std::string_view, 7> kTurnEnds = {"<|im_end|>", "<|endoftext|>",   "<|eot_id|>",   "<|eom_id|>",
                                                       "<|end|>",    "<|end_of_text|>", "<end_of_turn>"};

class ByteBpeTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> Make(const TokenizerData& data) {
    if (data.model != "gpt2") {
      return Unsupported("tokenizer.ggml.model: '" + data.model +
                         "' is no tokenizer of this build; known: gpt2 (byte-level BPE)");
    }
    RETORT_ASSIGN_OR_RETURN(PreTokenizer pre, PreTokenizer::Create(data.pre));
    std::unique_ptr<ByteBpeTokenizer> tokenizer(new ByteBpeTokenizer(std::move(pre), data));
    RETORT_RETURN_IF_ERROR(tokenizer->ReadTokens(data));
    RETORT_RETURN_IF_ERROR(tokenizer->ReadEnds(data));
    RETORT_RETURN_IF_ERROR(tokenizer->ReadMerges(data));
    return std::unique_ptr<Tokenizer>(std::move(tokenizer));
  }

  Result<std::vector<int32_t>> Encode(std::string_view text, EncodeOptions options) const override {
    if (const size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
      return InvalidArgument("text: byte " + std::to_string(bad) + " of " + std::to_string(text.size()) +
                             " is no valid UTF-8; convert the text to UTF-8 first");
    }
    std::vector<int32_t> out;
    out.reserve(text.size() / 3 + 8);
    if (options.add_special && add_bos_) out.push_back(bos_);
    const SpecialTokens& specials = options.parse_special ? all_specials_ : user_defined_;
    Work work;
    for (size_t done = 0; done < text.size();) {
      const SpecialTokens::Match match = specials.empty() ? SpecialTokens::Match{} : specials.Find(text, done);
      EncodePlain(text.substr(done, match.token < 0 ? text.npos : match.offset - done), work, out);
      if (match.token < 0) break;
      out.push_back(match.token);
      done = match.offset + match.size;
    }
    return out;
  }

  std::string Decode(const int32_t* tokens, size_t count, bool special) const override {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
      if (special || !IsSpecial(tokens[i])) text += TokenBytes(tokens[i]);
    }
    return text;
  }
  std::string_view TokenBytes(int32_t token) const override {
    return Known(token) ? texts_[static_cast<size_t>(token)] : std::string_view();
  }
  int32_t vocab_size() const override { return static_cast<int32_t>(texts_.size()); }
  int32_t bos() const override { return bos_; }
  int32_t eos() const override { return eos_; }
  bool IsEndToken(int32_t token) const override { return std::binary_search(ends_.begin(), ends_.end(), token); }
  bool IsSpecial(int32_t token) const override {
    return Known(token) && (types_[token] == kControl || types_[token] == kUnknown);
  }
  int32_t Find(std::string_view text) const override { return text.empty() ? -1 : texts_.Find(text); }

 private:
  struct Work {
    std::vector<std::string_view> words;
    BpeMerger::Scratch scratch;
  };

  ByteBpeTokenizer(PreTokenizer pre, const TokenizerData& data)
      : keys_(data.keys), pre_(std::move(pre)), texts_(data.tokens.size(), data.tokens.size() * 8) {}

  bool Known(int32_t token) const { return token >= 0 && static_cast<size_t>(token) < texts_.size(); }

  void EncodePlain(std::string_view text, Work& work, std::vector<int32_t>& out) const {
    work.words.clear();
    pre_.Split(text, work.words);
    for (std::string_view word : work.words) {
      const int32_t whole = Find(word);
      if (whole >= 0 && !IsMarker(static_cast<size_t>(whole)) && IsWholeWord(whole, work.scratch)) {
        out.push_back(whole);
      } else {
        merger_->Append(word, work.scratch, out);
      }
    }
  }

  /// Whether a word that is in the vocabulary comes out as one token, so that it needs no merging. Llama 3 takes any
  /// such word as it is (ignore_merges); elsewhere the merges must lead there. That is found out when a word is first
  /// met: all words of a vocabulary would take longer than the rest of reading it.
  bool IsWholeWord(int32_t token, BpeMerger::Scratch& scratch) const {
    if (ignore_merges_) return true;
    std::atomic<Whole>& known = whole_[static_cast<size_t>(token)];
    if (const Whole whole = known.load(std::memory_order_relaxed); whole != Whole::kUnknown) {
      return whole == Whole::kYes;
    }
    std::vector<int32_t> merged;
    merger_->Append(texts_[static_cast<size_t>(token)], scratch, merged);
    const bool whole = merged.size() == 1 && merged[0] == token;
    known.store(whole ? Whole::kYes : Whole::kNo, std::memory_order_relaxed);  // other threads find the same
    return whole;
  }

  Status ReadTokens(const TokenizerData& data) {
    const size_t count = data.tokens.size();
    if (count == 0 || count > kMaxTokens) {
      return DataLoss(keys_ + "tokens: expected 1 to " + std::to_string(kMaxTokens) + " tokens, got " +
                      std::to_string(count));
    }
    if (!data.token_types.empty() && data.token_types.size() != count) {
      return DataLoss(keys_ + "token_type: expected one type for each of the " + std::to_string(count) +
                      " tokens, got " + std::to_string(data.token_types.size()));
    }
    types_ = data.token_types;
    if (types_.empty()) types_.assign(count, kNormal);
    for (size_t i = 0; i < count; ++i) {
      if (types_[i] < kNormal || types_[i] > kByte) {
        return DataLoss(keys_ + "token_type: token " + std::to_string(i) + " has type " + std::to_string(types_[i]) +
                        ", expected 1 to 6");
      }
      std::string& text = texts_.NewText();
      if (IsMarker(i) || !AppendBytesOf(data.tokens[i], text)) text += data.tokens[i];
      texts_.Add();
    }
    for (bool markers : {false, true}) {
      for (size_t i = 0; i < count; ++i) {
        if (IsMarker(i) == markers) RETORT_RETURN_IF_ERROR(Register(static_cast<int32_t>(i), markers));
      }
    }
    return Status::Ok();
  }

  // Tokens that text is searched for before words are cut; their texts are not in the spelling of bytes.
  bool IsMarker(size_t id) const { return types_[id] >= kUnknown && types_[id] <= kUserDefined; }

  Status Register(int32_t id, bool marker) {
    const std::string_view text = texts_[static_cast<size_t>(id)];
    if (text.empty()) return Status::Ok();
    const int32_t found = texts_.Register(id);
    const bool fresh = marker ? all_specials_.Add(text, id) : found == id;
    if (types_[id] == kUserDefined) user_defined_.Add(text, id);
    if (!fresh) {
      return DataLoss(keys_ + "tokens: tokens " + std::to_string(found) + " and " + std::to_string(id) +
                      " have the same text");
    }
    return Status::Ok();
  }

  Status ReadEnds(const TokenizerData& data) {
    bos_ = data.bos;
    eos_ = data.eos;
    ends_ = data.end_tokens;
    if (eos_ != -1) ends_.push_back(eos_);
    for (int32_t id : ends_) RETORT_RETURN_IF_ERROR(CheckId("an end token's id", id));
    if (bos_ != -1) RETORT_RETURN_IF_ERROR(CheckId(keys_ + "bos_token_id", bos_));
    for (std::string_view text : kTurnEnds) {
      const int32_t id = Find(text);
      if (id >= 0 && IsMarker(id)) ends_.push_back(id);
    }
    std::sort(ends_.begin(), ends_.end());
    add_bos_ = data.add_bos.value_or(data.pre == "llama-bpe" && bos_ >= 0);
    if (add_bos_ && bos_ < 0)
      return DataLoss(keys_ + "add_bos_token is set, but there is no " + keys_ + "bos_token_id");
    return Status::Ok();
  }

  Status CheckId(const std::string& key, int32_t id) const {
    if (Known(id)) return Status::Ok();
    return DataLoss(key + ": expected 0 to " + std::to_string(texts_.size() - 1) + ", got " + std::to_string(id));
  }

  Status ReadMerges(const TokenizerData& data) {
    std::vector<BpeMerger::Merge> merges;
    merges.reserve(data.merges.size());
    std::string bytes;
    int32_t next = 0;  // merges and what they give are mostly in the same order
    for (size_t i = 0; i < data.merges.size(); ++i) {
      const std::string_view merge = data.merges[i];
      const auto refuse = [&](const std::string& why) {
        return DataLoss(keys_ + "merges: entry " + std::to_string(i) + ", '" + std::string(merge.substr(0, 64)) +
                        "': " + why);
      };
      const size_t space = merge.find(' ');
      if (space == merge.npos || space == 0 || space + 1 == merge.size() || merge.find(' ', space + 1) != merge.npos) {
        return refuse("expected two tokens with one space between them");
      }
      bytes.clear();
      const bool left = AppendBytesOf(merge.substr(0, space), bytes);
      const std::string_view::size_type cut = bytes.size();
      if (!left || !AppendBytesOf(merge.substr(space + 1), bytes))
        return refuse("it has a character that stands for no byte");
      const std::string_view whole = bytes;
      if (!Known(next) || IsMarker(static_cast<size_t>(next)) || texts_[static_cast<size_t>(next)] != whole) {
        next = Find(whole);
      }
      const BpeMerger::Merge ids = {Find(whole.substr(0, cut)), Find(whole.substr(cut)), next};
      if (ids.left < 0 || ids.right < 0 || ids.merged < 0)
        return refuse("its parts and what they give must be in the vocabulary");
      merges.push_back(ids);
      ++next;
    }
    int32_t byte_tokens[256];
    for (int b = 0; b < 256; ++b) {
      const char byte = static_cast<char>(b);
      byte_tokens[b] = Find({&byte, 1});
    }
    merger_.emplace(byte_tokens, merges);
    ignore_merges_ = data.ignore_merges.value_or(data.pre == "llama-bpe");
    if (!ignore_merges_) whole_ = std::make_unique<std::atomic<Whole>[]>(texts_.size());
    return Status::Ok();
  }

  enum class Whole : uint8_t { kUnknown, kNo, kYes };

  std::string keys_;  // for messages
  PreTokenizer pre_;
  TokenTexts texts_;  // what each token decodes to
  std::vector<int32_t> types_;
  SpecialTokens all_specials_, user_defined_;
  std::optional<BpeMerger> merger_;
  std::unique_ptr<std::atomic<Whole>[]> whole_;  // by token; of what is asked for, see IsWholeWord
  std::vector<int32_t> ends_;                    // sorted
  int32_t bos_ = -1, eos_ = -1;
  bool add_bos_ = false, ignore_merges_ = false;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::Create(const TokenizerData& data) { return ByteBpeTokenizer::Make(data); }

}  // namespace retort
