// A model's sizes from config.json. Newer files have the rotation's settings in `rope_parameters`, older ones in
// `rope_theta` and `rope_scaling`.
#include <algorithm>
#include <array>

#include "core/model/hf_json.h"
#include "core/model/hf_model.h"
#include "core/model/hyper.h"

namespace retort {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 4> kArchitectures = {"llama", "mistral", "qwen2", "qwen3"};
constexpr int64_t kMaxContext = 1 << 24;

Status ReadYarn(const JsonSettings& settings, SettingsReader& read, int32_t context, RopeScaling* out) {
  out->kind = RopeScaling::Kind::kYarn;
  out->original_context = read.IntOr("original_max_position_embeddings", context, 1, kMaxContext);
  RETORT_RETURN_IF_ERROR(read.status());
  out->factor = read.FloatOr("factor", static_cast<float>(context) / static_cast<float>(out->original_context));
  out->beta_fast = read.FloatOr("beta_fast", 32);
  out->beta_slow = read.FloatOr("beta_slow", 1);
  out->truncate = read.BoolOr("truncate", true);
  if (settings.Has("mscale") || settings.Has("mscale_all_dim")) {
    return Unsupported(settings.Where("mscale") + " and mscale_all_dim are not supported");
  }
  out->attention_factor = read.FloatOr("attention_factor", YarnAttentionFactor(out->factor));
  return {};
}

Status ReadScaling(const JsonSettings& settings, int32_t context, RopeScaling* out) {
  SettingsReader read(settings);
  const std::string kind = read.StringOr("rope_type", read.StringOr("type", "default"));
  RETORT_RETURN_IF_ERROR(read.status());
  if (kind == "default") return {};
  if (kind == "linear") {
    out->kind = RopeScaling::Kind::kLinear;
    out->factor = read.Float("factor");
  } else if (kind == "llama3") {
    out->kind = RopeScaling::Kind::kLlama3;
    out->factor = read.Float("factor");
    out->original_context = read.IntOr("original_max_position_embeddings", context, 1, kMaxContext);
    out->low_freq_factor = read.Float("low_freq_factor");
    out->high_freq_factor = read.Float("high_freq_factor");
  } else if (kind == "yarn") {
    RETORT_RETURN_IF_ERROR(ReadYarn(settings, read, context, out));
  } else if (kind == "dynamic") {
    // It changes frequencies only beyond max_position_embeddings, which bounds the context here: keys that are cached
    // would have to be rotated again at every token.
  } else {
    return Unsupported(settings.Where("rope_type") + ": rope scaling '" + kind +
                       "' is not supported; expected default, linear, llama3, yarn or dynamic");
  }
  return read.status();
}

Status ReadRope(const Json& config, const std::string& where, ModelHyper* h) {
  const JsonSettings settings(config, where + ": ");
  SettingsReader read(settings);
  h->rope_base = read.FloatOr("rope_theta", 10000.0f);
  RETORT_RETURN_IF_ERROR(read.status());
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const Json* const rope = settings.Find(name);
    if (rope == nullptr) continue;
    if (!rope->is_object()) return InvalidArgument(settings.Where(name) + ": expected an object");
    const JsonSettings inner(*rope, settings.Where(name) + ".");
    SettingsReader read_inner(inner);
    h->rope_base = read_inner.FloatOr("rope_theta", h->rope_base);
    if (read_inner.FloatOr("partial_rotary_factor", 1) != 1) {
      return Unsupported(inner.Where("partial_rotary_factor") + ": heads that are rotated in part are not supported");
    }
    RETORT_RETURN_IF_ERROR(read_inner.status());
    return ReadScaling(inner, h->context_length, &h->rope_scaling);
  }
  return {};
}

/// Tokens that attention is meant to see, 0 for all. Layers may differ; the narrowest counts.
int32_t ReadSlidingWindow(const JsonSettings& settings, SettingsReader& read) {
  if (!read.BoolOr("use_sliding_window", true)) return 0;
  if (const Json* const layers = settings.Find("layer_types"); layers != nullptr && layers->is_array()) {
    if (std::find(layers->begin(), layers->end(), "sliding_attention") == layers->end()) return 0;
  }
  return read.IntOr("sliding_window", 0, 1, kMaxContext);
}

Status RefuseWhatWouldChangeTheResult(const JsonSettings& settings, SettingsReader& read) {
  const std::string activation = read.StringOr("hidden_act", "silu");
  RETORT_RETURN_IF_ERROR(read.status());
  if (activation != "silu") {
    return Unsupported(settings.Where("hidden_act") + ": expected silu, got '" + activation + "'");
  }
  if (settings.Has("quantization_config")) {
    return Unsupported(settings.Where("quantization_config") +
                       ": quantised safetensors are not supported; take the model as F32, F16 or BF16 and convert it " +
                       "at load (`weights: q8_0`), or as a GGUF file");
  }
  return {};
}

}  // namespace

Result<bool> HfEmbeddingsAreTied(const Json& config, const std::string& where, const TensorFile& tensors) {
  const JsonSettings settings(config, where + ": ");
  if (settings.Has("tie_word_embeddings")) return settings.GetBool("tie_word_embeddings");
  return tensors.FindTensor("output.weight") == nullptr;
}

Result<ModelHyper> ReadHfHyper(const Json& config, const std::string& where, const TensorFile& tensors) {
  const JsonSettings settings(config, where + ": ");
  SettingsReader read(settings);
  ModelHyper h;
  RETORT_ASSIGN_OR_RETURN(const std::string_view type, settings.GetString("model_type"));
  h.architecture = type;
  if (std::find(kArchitectures.begin(), kArchitectures.end(), type) == kArchitectures.end()) {
    return Unsupported(settings.Where("model_type") + ": architecture '" + h.architecture +
                       "'; supported are llama (also SmolLM), mistral, qwen2 and qwen3");
  }
  RETORT_RETURN_IF_ERROR(RefuseWhatWouldChangeTheResult(settings, read));
  h.rope_neox = true;
  constexpr int64_t kLarge = 1 << 20;
  h.hidden = read.Int("hidden_size", 1, kLarge);
  h.layers = read.Int("num_hidden_layers", 1, 4096);
  h.ffn = read.Int("intermediate_size", 1, kLarge);
  h.heads = read.Int("num_attention_heads", 1, 4096);
  h.kv_heads = read.IntOr("num_key_value_heads", h.heads, 1, 4096);
  h.context_length = read.Int("max_position_embeddings", 1, kMaxContext);
  h.sliding_window = ReadSlidingWindow(settings, read);
  h.rms_eps = read.FloatOr("rms_norm_eps", 1e-6f);
  RETORT_RETURN_IF_ERROR(read.status());
  h.head_dim = read.IntOr("head_dim", h.hidden / h.heads, 2, 4096);
  h.rope_dim = h.head_dim;
  RETORT_RETURN_IF_ERROR(read.status());
  RETORT_RETURN_IF_ERROR(ReadRope(config, where, &h));
  RETORT_ASSIGN_OR_RETURN(h.tied_embeddings, HfEmbeddingsAreTied(config, where, tensors));
  RETORT_RETURN_IF_ERROR(FinishHyper(tensors, &h));
  if (const int32_t vocab = read.IntOr("vocab_size", h.vocab, 1, INT32_MAX); vocab != h.vocab) {
    RETORT_RETURN_IF_ERROR(read.status());
    return InvalidArgument(settings.Where("vocab_size") + ": expected " + std::to_string(h.vocab) +
                           ", the rows of the embedding, got " + std::to_string(vocab));
  }
  return h;
}

}  // namespace retort
