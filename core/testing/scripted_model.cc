#include "core/testing/scripted_model.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace retort::testing {
namespace {

class AlphabetTokenizer final : public Tokenizer {
 public:
  explicit AlphabetTokenizer(std::string alphabet) : alphabet_(std::move(alphabet)) {}

  Result<std::vector<int32_t>> Encode(std::string_view text, EncodeOptions) const override {
    std::vector<int32_t> tokens;
    for (char c : text) {
      const size_t token = alphabet_.find(c);
      if (token == alphabet_.npos) return InvalidArgument("the alphabet has no character `" + std::string(1, c) + "`");
      tokens.push_back(static_cast<int32_t>(token));
    }
    return tokens;
  }
  std::string Decode(const int32_t* tokens, size_t count, bool) const override {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += TokenBytes(tokens[i]);
    return text;
  }
  std::string_view TokenBytes(int32_t token) const override {
    if (token < 0 || token >= eos()) return "";
    return std::string_view(alphabet_).substr(static_cast<size_t>(token), 1);
  }
  int32_t vocab_size() const override { return eos() + 1; }
  int32_t bos() const override { return -1; }
  int32_t eos() const override { return static_cast<int32_t>(alphabet_.size()); }
  bool IsEndToken(int32_t token) const override { return token == eos(); }
  bool IsSpecial(int32_t token) const override { return token == eos(); }
  int32_t Find(std::string_view text) const override {
    const size_t token = text.size() == 1 ? alphabet_.find(text[0]) : alphabet_.npos;
    return token == alphabet_.npos ? -1 : static_cast<int32_t>(token);
  }

 private:
  std::string alphabet_;
};

/// Where the page table keeps token `position`: the key slot of the one layer, head and dimension.
float* Slot(const KvSequence& kv, size_t position) {
  return static_cast<float*>(kv.page_table()[position / kKvPageTokens]) + position % kKvPageTokens;
}

/// The tokens that the one in `slot` sees, itself included: all before it, or of a tree its path.
std::vector<int32_t> Seen(const KvSequence& kv, size_t slot, uint64_t path) {
  std::vector<int32_t> tokens;
  const auto add = [&](size_t at) { tokens.push_back(static_cast<int32_t>(*Slot(kv, at))); };
  const size_t straight = path == 0 ? slot + 1 : kv.prefix_length();
  for (size_t i = 0; i < straight; ++i) add(i);
  for (; path != 0; path &= path - 1) add(kv.prefix_length() + static_cast<size_t>(std::countr_zero(path)));
  return tokens;
}

}  // namespace

ScriptedModel::ScriptedModel(Script script, ScriptedModelOptions options) : script_(std::move(script)) {
  config_.name = options.name;
  config_.source = "scripted";
  hyper_.architecture = "scripted";
  hyper_.vocab = static_cast<int32_t>(options.alphabet.size()) + 1;
  hyper_.hidden = hyper_.layers = hyper_.heads = hyper_.kv_heads = hyper_.head_dim = 1;
  hyper_.context_length = options.context_length;
  tokenizer_ = std::make_unique<AlphabetTokenizer>(options.alphabet);
  device_ = OpenDevice("ref", 1).value();
  ops_ = std::move(MakeOpSet(*device_).value());
  stream_ = std::move(device_->CreateStream().value());
  pool_ = std::make_shared<KvPagePool>(*device_, KvLayout{1, 1, 1, DType::kF32});
}

std::vector<float> ScriptedModel::Certain(int32_t next) const {
  std::vector<float> logits(static_cast<size_t>(vocab()), 0.0f);
  logits[static_cast<size_t>(next)] = 10.0f;
  return logits;
}

Status ScriptedModel::Forward(std::span<const ForwardItem> items, std::span<const float>* logits) {
  if (failing_steps_ > 0) {
    --failing_steps_;
    return ResourceExhausted("scripted failure of a step");
  }
  for (const ForwardItem& item : items) {
    if (item.parents.empty() && !item.kv->tree().empty())
      return InvalidArgument("a sequence ends in a tree: keep a path of it first");
    RETORT_ASSIGN_OR_RETURN(const std::vector<uint64_t> paths, item.kv->PathsOf(item.parents));
    size_t end = item.kv->prefix_length() + (paths.empty() ? item.tokens.size() : 0);
    for (const uint64_t path : paths)
      end = std::max(end, item.kv->prefix_length() + static_cast<size_t>(std::popcount(path)));
    if (end > static_cast<size_t>(hyper_.context_length)) {
      return ResourceExhausted("the context holds " + std::to_string(hyper_.context_length) + " tokens");
    }
  }
  logits_.clear();
  for (const ForwardItem& item : items) {
    RETORT_RETURN_IF_ERROR(item.kv->Reserve(item.tokens.size()));
    RETORT_ASSIGN_OR_RETURN(const std::vector<uint64_t> paths, item.kv->PathsOf(item.parents));
    const size_t length = item.kv->length();
    for (size_t i = 0; i < item.tokens.size(); ++i) {
      *Slot(*item.kv, length + i) = static_cast<float>(item.tokens[i]);
      if (i < item.logits_first) continue;
      const std::vector<float> row = script_(Seen(*item.kv, length + i, paths.empty() ? 0 : paths[i]));
      if (row.size() != static_cast<size_t>(vocab()))
        return Internal("the script gave a row of another size than the vocabulary");
      logits_.insert(logits_.end(), row.begin(), row.end());
    }
    item.kv->Advance(item.tokens, paths);
    tokens_run_ += item.tokens.size();
  }
  ++steps_;
  *logits = logits_;
  return {};
}

std::shared_ptr<ScriptedModel> AlphabetModel(ScriptedModelOptions options) {
  const int32_t eos = static_cast<int32_t>(options.alphabet.size());
  return std::make_shared<ScriptedModel>(
      [eos](std::span<const int32_t> tokens) {
        std::vector<float> logits(static_cast<size_t>(eos) + 1, 0.0f);
        logits[static_cast<size_t>(std::min(tokens.back() + 1, eos))] = 10.0f;
        return logits;
      },
      std::move(options));
}

}  // namespace retort::testing
