// Handles to a model and to the keys and values of a sequence in it. Handles are pointers: copy them freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "retort/sdk/boundary.h"

namespace retort::sdk {

/// Keys and values of one sequence in one model; belongs to its record (or to a KvFork).
class Kv {
 public:
  explicit Kv(retort_kv* handle) : handle_(handle) {}
  retort_kv* handle() const { return handle_; }
  /// Tokens stored.
  size_t Length() const { return Host().kv_length(handle_); }
  /// Keep the first `length` tokens. Errors: kInvalidArgument if there are fewer.
  Status Truncate(size_t length) const { return FromCode(Host().kv_truncate(handle_, length)); }
  /// Keep the nodes `path` of a tree, each the parent of the next, as if they had been appended.
  Status KeepPath(std::span<const int32_t> path) const {
    return FromCode(Host().kv_keep_path(handle_, path.data(), path.size()));
  }
  /// Keep what is stored of the beginning of `tokens`, also along a path of a tree, but leave the last token out, for
  /// the next step to run. What else is stored goes.
  Status KeepCommon(std::span<const int32_t> tokens) const {
    return FromCode(Host().kv_keep_common(handle_, tokens.data(), tokens.size()));
  }

 private:
  retort_kv* handle_;
};

/// Owner of a fork, which shares pages with its origin until one of them writes.
class KvFork {
 public:
  static Result<KvFork> Of(Kv origin) {
    retort_kv* fork = nullptr;
    const retort_code code = Host().kv_fork(origin.handle(), &fork);
    if (code != RETORT_OK) return FromCode(code);
    return KvFork(fork);
  }
  KvFork(KvFork&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  KvFork& operator=(KvFork&& other) noexcept { return std::swap(handle_, other.handle_), *this; }
  ~KvFork() {
    if (handle_ != nullptr) Host().kv_free(handle_);
  }
  Kv kv() const { return Kv(handle_); }

 private:
  explicit KvFork(retort_kv* handle) : handle_(handle) {}
  retort_kv* handle_;
};

/// A sequence's share of one forward step: `tokens` are appended to `kv`; logits are given for tokens
/// [logits_first, tokens.size()). With `parents`, one for each token, they are nodes of a tree: see
/// retort_forward_item. `tokens` and `parents` must live until Forward returns.
struct ForwardItem : retort_forward_item {
  ForwardItem(Kv to, std::span<const int32_t> appended, size_t first, std::span<const int32_t> tree = {})
      : retort_forward_item{sizeof(retort_forward_item),
                            static_cast<uint32_t>(first),
                            to.handle(),
                            appended.data(),
                            appended.size(),
                            tree.empty() ? nullptr : tree.data()} {}
};

/// Rows of logits in host memory, valid until the next Forward of the model.
class Logits {
 public:
  Logits(const float* data, size_t rows, size_t vocab) : data_(data), rows_(rows), vocab_(vocab) {}
  size_t rows() const { return rows_; }
  size_t vocab() const { return vocab_; }
  std::span<const float> row(size_t index) const { return {data_ + index * vocab_, vocab_}; }

 private:
  const float* data_;
  size_t rows_, vocab_;
};

struct TokenizeOptions {
  bool add_special = false;    // begin-of-sequence where the model wants one
  bool parse_special = false;  // text of special tokens becomes these tokens
};

/// What a token stands for: retort_token.
struct TokenText {
  std::string_view text;  // lives as long as the model
  bool special = false, end = false;
};

/// Nodes that a tree of drafts holds at most, those included that continue the sequence itself.
inline constexpr size_t kMaxTreeNodes = 64;

enum class Sparsity : int32_t {
  kNone = RETORT_SPARSITY_NONE,
  kCoarse = RETORT_SPARSITY_COARSE,
  kFine = RETORT_SPARSITY_FINE
};

/// What a part of a model runs: layers in one of the three ways, or all; and of their neurons a share. See
/// retort_model_part.
struct ModelPart {
  int32_t exit_layer = 0;
  std::vector<std::string> skip_attention = {}, skip_mlp = {};
  std::string profile = {};
  Sparsity sparsity = Sparsity::kNone;
  int32_t dense_first = 0, dense_last = 0;  // layers that run all neurons
  double density = 1;
  bool shared = false;      // one choice of neurons for all tokens of a step
  bool thresholds = false;  // of kFine: by the profile's thresholds instead of a count
};

class Model {
 public:
  Model() = default;
  explicit Model(retort_model* handle) : handle_(handle) {}
  retort_model* handle() const { return handle_; }
  /// False for a MODEL option that the pipeline left out.
  explicit operator bool() const { return handle_ != nullptr; }

  Result<retort_model_info> Info() const {
    retort_model_info info = {};
    info.size = sizeof info;
    const retort_code code = Host().model_info(handle_, &info);
    if (code != RETORT_OK) return FromCode(code);
    return info;
  }
  /// The view lives until this thread's next Tokenize. Errors: kInvalidArgument for text that is not UTF-8.
  Result<std::span<const int32_t>> Tokenize(std::string_view text, TokenizeOptions options) const {
    uint32_t flags = 0;
    if (options.add_special) flags |= RETORT_TOKENIZE_ADD_SPECIAL;
    if (options.parse_special) flags |= RETORT_TOKENIZE_PARSE_SPECIAL;
    const int32_t* tokens = nullptr;
    size_t count = 0;
    const retort_code code = Host().model_tokenize(handle_, ToC(text), flags, &tokens, &count);
    if (code != RETORT_OK) return FromCode(code);
    return std::span<const int32_t>(tokens, count);
  }
  /// The view lives until this thread's next Detokenize.
  Result<std::string_view> Detokenize(std::span<const int32_t> tokens) const {
    retort_string text = {};
    const retort_code code = Host().model_detokenize(handle_, tokens.data(), tokens.size(), &text);
    if (code != RETORT_OK) return FromCode(code);
    return FromC(text);
  }
  /// Errors: kInvalidArgument for a token that is none of the model's.
  Result<TokenText> Token(int32_t token) const {
    retort_token out = {};
    out.size = sizeof out;
    const retort_code code = Host().model_token(handle_, token, &out);
    if (code != RETORT_OK) return FromCode(code);
    return TokenText{FromC(out.text), (out.flags & RETORT_TOKEN_SPECIAL) != 0, (out.flags & RETORT_TOKEN_END) != 0};
  }
  /// `messages`: a JSON list of {role, content}. The view lives until this thread's next ApplyChatTemplate.
  Result<std::string_view> ApplyChatTemplate(std::string_view messages) const {
    retort_string text = {};
    const retort_code code = Host().model_apply_chat_template(handle_, ToC(messages), &text);
    if (code != RETORT_OK) return FromCode(code);
    return FromC(text);
  }
  /// kUnsupported, with the first token that differs, unless the other model has the same tokens.
  Status CheckSameTokens(Model other) const { return FromCode(Host().model_same_tokens(handle_, other.handle())); }
  /// This model with layers or neurons left out, as long as this handle lives. It writes into the same Kv, which
  /// KeepCommon clears of it. Errors: kInvalidArgument (layers or a density that there are not, or none left),
  /// kUnsupported (profile of another model, sparsity on a device without kernels for it), kNotFound, kDataLoss
  /// (profile).
  Result<Model> Part(const ModelPart& part) const {
    std::vector<retort_string> attention, mlp;
    for (const std::string& item : part.skip_attention) attention.push_back(ToC(item));
    for (const std::string& item : part.skip_mlp) mlp.push_back(ToC(item));
    uint32_t flags = 0;
    if (part.shared) flags |= RETORT_SPARSE_SHARED;
    if (part.thresholds) flags |= RETORT_SPARSE_THRESHOLDS;
    const retort_model_part given = {.size = sizeof given,
                                     .exit_layer = part.exit_layer,
                                     .skip_attention = attention.data(),
                                     .skip_attention_count = attention.size(),
                                     .skip_mlp = mlp.data(),
                                     .skip_mlp_count = mlp.size(),
                                     .profile = ToC(part.profile),
                                     .sparsity = static_cast<int32_t>(part.sparsity),
                                     .dense_first = part.dense_first,
                                     .dense_last = part.dense_last,
                                     .sparse_flags = flags,
                                     .density = part.density};
    retort_model* made = nullptr;
    const retort_code code = Host().model_part(handle_, &given, &made);
    if (code != RETORT_OK) return FromCode(code);
    return Model(made);
  }
  /// One step over all items; a failure leaves every kv as it was. Errors: kResourceExhausted (context, memory),
  /// kInvalidArgument (token out of range, kv of another model).
  Result<Logits> Forward(std::span<const ForwardItem> items) const {
    retort_tensor out = {};
    out.size = sizeof out;
    const retort_code code = Host().model_forward(handle_, items.data(), items.size(), &out);
    if (code != RETORT_OK) return FromCode(code);
    return Logits(static_cast<const float*>(out.data), static_cast<size_t>(out.shape[0]),
                  static_cast<size_t>(out.shape[1]));
  }

 private:
  retort_model* handle_ = nullptr;
};
static_assert(sizeof(ForwardItem) == sizeof(retort_forward_item));

}  // namespace retort::sdk
