#include "core/model/hyper.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace retort {
namespace {

Status ReadVocabulary(const TensorFile& file, ModelHyper* h) {
  const ModelTensor* const embedding = file.FindTensor("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    return NotFound(file.path() + ": tensor '" + file.OwnName("token_embd.weight") + "' is missing");
  if (embedding->shape[1] > std::numeric_limits<int32_t>::max())
    return InvalidArgument(file.path() + ": the vocabulary is too large");
  h->vocab = static_cast<int32_t>(embedding->shape[1]);
  return {};
}

Status CheckScaling(const std::string& path, const ModelHyper& h) {
  const RopeScaling& s = h.rope_scaling;
  if (s.kind == RopeScaling::Kind::kLlama3 && s.high_freq_factor <= s.low_freq_factor) {
    return InvalidArgument(path + ": rope scaling: expected high_freq_factor above low_freq_factor, got " +
                           std::to_string(s.high_freq_factor) + " and " + std::to_string(s.low_freq_factor));
  }
  if (s.kind != RopeScaling::Kind::kYarn) return {};
  if (!(h.rope_base > 1)) {
    return InvalidArgument(path + ": rope scaling 'yarn': expected a frequency base above 1, got " +
                           std::to_string(h.rope_base));
  }
  // The factor is applied to the scores, which is the same only where all of a head is rotated.
  if (s.attention_factor != 1 && h.rope_dim != h.head_dim) {
    return Unsupported(path + ": rope scaling 'yarn' of heads that are rotated in part (" + std::to_string(h.rope_dim) +
                       " of " + std::to_string(h.head_dim) + ") is not supported");
  }
  return {};
}

/// Tokens that the model can be used for. Files say for linear and yarn sometimes the stretched length and sometimes
/// the original one.
int32_t ContextLength(const ModelHyper& h) {
  const RopeScaling& s = h.rope_scaling;
  double length = h.context_length;
  if (s.kind == RopeScaling::Kind::kLinear || s.kind == RopeScaling::Kind::kYarn) {
    const double original = s.original_context > 0 ? s.original_context : h.context_length;
    length = std::clamp(std::floor(original * s.factor), length, double{1 << 24});
  }
  // Attention sees all tokens before; within the window that is what the model does.
  if (h.sliding_window > 0) length = std::min<double>(length, h.sliding_window);
  return static_cast<int32_t>(length);
}

}  // namespace

Status FinishHyper(const TensorFile& file, ModelHyper* hyper) {
  ModelHyper& h = *hyper;
  if (h.heads % h.kv_heads != 0 || h.head_dim < 2 || h.rope_dim > h.head_dim || h.rope_dim % 2 != 0) {
    return InvalidArgument(file.path() + ": sizes make no model: " + std::to_string(h.hidden) + " hidden, " +
                           std::to_string(h.heads) + " heads of " + std::to_string(h.head_dim) + ", " +
                           std::to_string(h.kv_heads) + " key/value heads, rope over " + std::to_string(h.rope_dim));
  }
  RETORT_RETURN_IF_ERROR(CheckScaling(file.path(), h));
  RETORT_RETURN_IF_ERROR(ReadVocabulary(file, &h));
  h.context_length = ContextLength(h);
  h.attention_bias = file.FindTensor("blk.0.attn_q.bias") != nullptr;
  h.qk_norm = h.architecture == "qwen3";
  const float m = h.rope_scaling.kind == RopeScaling::Kind::kYarn ? h.rope_scaling.attention_factor : 1.0f;
  h.attention_scale = m * m / std::sqrt(static_cast<float>(h.head_dim));
  return {};
}

}  // namespace retort
