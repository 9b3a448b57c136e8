// A model's sizes from the metadata of a GGUF file.
#include "core/model/hyper.h"
#include "core/model/settings.h"

namespace retort {
namespace {

/// The settings `<architecture>.<name>`.
class GgufSettings final : public Settings {
 public:
  GgufSettings(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}
  bool Has(std::string_view name) const override { return file_.Has(Key(name)); }
  Result<int64_t> GetInt(std::string_view name) const override { return file_.GetInt(Key(name)); }
  Result<double> GetFloat(std::string_view name) const override { return file_.GetFloat(Key(name)); }
  Result<bool> GetBool(std::string_view name) const override { return file_.GetBool(Key(name)); }
  Result<std::string_view> GetString(std::string_view name) const override { return file_.GetString(Key(name)); }
  std::string Where(std::string_view name) const override { return file_.path() + ": metadata '" + Key(name) + "'"; }

 private:
  std::string Key(std::string_view name) const { return prefix_ + std::string(name); }
  const GgufFile& file_;
  std::string prefix_;
};

Status ReadScaling(const Settings& settings, SettingsReader& read, RopeScaling* out) {
  // Converters before 2023-10 wrote the factor of the linear kind alone.
  const float old = read.FloatOr("rope.scale_linear", 1);
  const std::string kind = read.StringOr("rope.scaling.type", old == 1 ? "none" : "linear");
  RETORT_RETURN_IF_ERROR(read.status());
  if (kind == "none") return {};
  if (kind != "linear" && kind != "yarn") {
    return Unsupported(settings.Where("rope.scaling.type") + ": rope scaling '" + kind +
                       "' is not supported; expected none, linear or yarn");
  }
  out->kind = kind == "linear" ? RopeScaling::Kind::kLinear : RopeScaling::Kind::kYarn;
  out->factor = settings.Has("rope.scaling.factor") ? read.Float("rope.scaling.factor") : old;
  if (kind == "linear") return {};
  out->original_context = read.Int("rope.scaling.original_context_length", 1, 1 << 24);
  out->beta_fast = read.FloatOr("rope.scaling.yarn_beta_fast", 32);
  out->beta_slow = read.FloatOr("rope.scaling.yarn_beta_slow", 1);
  // The file's factor goes on top of what YaRN recommends.
  out->attention_factor = YarnAttentionFactor(out->factor) *
                          read.FloatOr("rope.scaling.attn_factor", read.FloatOr("rope.scaling.yarn_attn_factor", 1));
  return {};
}

}  // namespace

Result<ModelHyper> ReadHyper(const GgufFile& file) {
  ModelHyper h;
  RETORT_ASSIGN_OR_RETURN(const std::string_view architecture, file.GetString("general.architecture"));
  h.architecture = architecture;
  if (h.architecture != "llama" && h.architecture != "qwen2" && h.architecture != "qwen3") {
    return Unsupported(file.path() + ": architecture '" + h.architecture +
                       "'; supported are llama (also SmolLM, Mistral), qwen2 and qwen3");
  }
  h.rope_neox = h.architecture != "llama";  // converters permute the rows of llama's queries and keys
  const GgufSettings settings(file, h.architecture + ".");
  SettingsReader read(settings);
  constexpr int64_t kLarge = 1 << 20;
  h.hidden = read.Int("embedding_length", 1, kLarge);
  h.layers = read.Int("block_count", 1, 4096);
  h.ffn = read.Int("feed_forward_length", 1, kLarge);
  h.heads = read.Int("attention.head_count", 1, 4096);
  h.kv_heads = read.IntOr("attention.head_count_kv", h.heads, 1, 4096);
  h.context_length = read.Int("context_length", 1, 1 << 24);
  h.sliding_window = read.IntOr("attention.sliding_window", 0, 0, 1 << 24);
  h.rms_eps = read.FloatOr("attention.layer_norm_rms_epsilon", 1e-5f);
  h.rope_base = read.FloatOr("rope.freq_base", 10000.0f);
  RETORT_RETURN_IF_ERROR(read.status());
  h.head_dim = read.IntOr("attention.key_length", h.hidden / h.heads, 2, 4096);
  h.rope_dim = read.IntOr("rope.dimension_count", h.head_dim, 2, 4096);
  RETORT_RETURN_IF_ERROR(ReadScaling(settings, read, &h.rope_scaling));
  RETORT_RETURN_IF_ERROR(read.status());
  if (read.IntOr("attention.value_length", h.head_dim, 2, 4096) != h.head_dim) {
    return Unsupported(file.path() + ": keys and values of different sizes are not supported");
  }
  if (read.IntOr("expert_count", 0, 0, 4096) > 0) {
    return Unsupported(file.path() + ": mixtures of experts are not supported");
  }
  RETORT_RETURN_IF_ERROR(read.status());
  h.tied_embeddings = file.FindTensor("output.weight") == nullptr;
  RETORT_RETURN_IF_ERROR(FinishHyper(file, &h));
  return h;
}

}  // namespace retort
