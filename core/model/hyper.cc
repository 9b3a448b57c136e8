#include "core/model/hyper.h"

#include <limits>

namespace retort {
namespace {

/// Reads `<architecture>.<name>` and keeps the first error, so that the sizes read as a list.
class Reader {
 public:
  Reader(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  int32_t Int(const std::string& name, int64_t low, int64_t high) {
    const auto value = file_.GetInt(prefix_ + name);
    if (!value.ok()) return Fail(value.status());
    if (*value < low || *value > high) {
      return Fail(InvalidArgument(file_.path() + ": metadata '" + prefix_ + name + "': expected " +
                                  std::to_string(low) + " to " + std::to_string(high) + ", got " +
                                  std::to_string(*value)));
    }
    return static_cast<int32_t>(*value);
  }
  int32_t IntOr(const std::string& name, int32_t other, int64_t low, int64_t high) {
    return file_.Has(prefix_ + name) ? Int(name, low, high) : other;
  }
  float FloatOr(const std::string& name, float other) {
    if (!file_.Has(prefix_ + name)) return other;
    const auto value = file_.GetFloat(prefix_ + name);
    if (!value.ok()) return static_cast<float>(Fail(value.status()));
    if (!(*value > 0 && *value < 1e12)) {
      return static_cast<float>(Fail(InvalidArgument(file_.path() + ": metadata '" + prefix_ + name +
                                                     "': expected a positive number, got " + std::to_string(*value))));
    }
    return static_cast<float>(*value);
  }
  const Status& status() const { return status_; }

 private:
  int32_t Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
    return 0;
  }
  const GgufFile& file_;
  std::string prefix_;
  Status status_;
};

}  // namespace

Result<ModelHyper> ReadHyper(const GgufFile& file) {
  ModelHyper h;
  RETORT_ASSIGN_OR_RETURN(const std::string_view architecture, file.GetString("general.architecture"));
  h.architecture = architecture;
  if (h.architecture != "llama" && h.architecture != "qwen2") {
    return Unsupported(file.path() + ": architecture '" + h.architecture +
                       "'; supported are llama (also SmolLM, Mistral) and qwen2");
  }
  h.rope_neox = h.architecture == "qwen2";
  Reader read(file, h.architecture + ".");
  constexpr int64_t kLarge = 1 << 20;
  h.hidden = read.Int("embedding_length", 1, kLarge);
  h.layers = read.Int("block_count", 1, 4096);
  h.ffn = read.Int("feed_forward_length", 1, kLarge);
  h.heads = read.Int("attention.head_count", 1, 4096);
  h.kv_heads = read.IntOr("attention.head_count_kv", h.heads, 1, 4096);
  h.context_length = read.Int("context_length", 1, 1 << 24);
  h.rms_eps = read.FloatOr("attention.layer_norm_rms_epsilon", 1e-5f);
  h.rope_base = read.FloatOr("rope.freq_base", 10000.0f);
  RETORT_RETURN_IF_ERROR(read.status());
  h.head_dim = read.IntOr("attention.key_length", h.hidden / h.heads, 2, 4096);
  h.rope_dim = read.IntOr("rope.dimension_count", h.head_dim, 2, 4096);
  RETORT_RETURN_IF_ERROR(read.status());
  if (read.IntOr("attention.value_length", h.head_dim, 2, 4096) != h.head_dim) {
    return Unsupported(file.path() + ": keys and values of different sizes are not supported");
  }
  if (read.IntOr("expert_count", 0, 0, 4096) > 0) {
    return Unsupported(file.path() + ": mixtures of experts are not supported");
  }
  RETORT_RETURN_IF_ERROR(read.status());
  if (h.heads % h.kv_heads != 0 || h.head_dim < 2 || h.rope_dim > h.head_dim || h.rope_dim % 2 != 0) {
    return InvalidArgument(file.path() + ": sizes make no model: " + std::to_string(h.hidden) + " hidden, " +
                           std::to_string(h.heads) + " heads of " + std::to_string(h.head_dim) + ", " +
                           std::to_string(h.kv_heads) + " key/value heads, rope over " + std::to_string(h.rope_dim));
  }
  if (file.Has(h.architecture + ".rope.scaling.type")) {
    RETORT_ASSIGN_OR_RETURN(const std::string_view scaling, file.GetString(h.architecture + ".rope.scaling.type"));
    if (scaling != "none")
      return Unsupported(file.path() + ": rope scaling '" + std::string(scaling) + "' is not supported");
  }
  const GgufTensor* const embedding = file.FindTensor("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    return NotFound(file.path() + ": tensor 'token_embd.weight' is missing");
  if (embedding->shape[1] > std::numeric_limits<int32_t>::max())
    return InvalidArgument(file.path() + ": the vocabulary is too large");
  h.vocab = static_cast<int32_t>(embedding->shape[1]);
  h.tied_embeddings = file.FindTensor("output.weight") == nullptr;
  h.attention_bias = file.FindTensor("blk.0.attn_q.bias") != nullptr;
  return h;
}

}  // namespace retort
