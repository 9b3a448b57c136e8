#include "core/model/transformer.h"

namespace retort {

Transformer::Transformer(const ModelHyper& hyper, const Weights& weights, const KvLayout& kv, OpSet& ops,
                         Precision precision)
    : hyper_(hyper),
      weights_(weights),
      kv_(kv),
      ops_(ops),
      precision_(precision),
      q_size_(int64_t{hyper.heads} * hyper.head_dim),
      kv_size_(int64_t{hyper.kv_heads} * hyper.head_dim),
      qkv_size_(q_size_ + 2 * kv_size_) {}

Status Transformer::Grow(int64_t rows) {
  if (rows <= capacity_) return {};
  const auto allocate = [&](Scratch& scratch, int64_t width) -> Status {
    scratch.buffer.reset();
    RETORT_ASSIGN_OR_RETURN(scratch.buffer, ops_.device().Allocate(static_cast<size_t>(rows * width) * sizeof(float)));
    scratch.data = static_cast<float*>(scratch.buffer->data());
    return {};
  };
  capacity_ = 0;
  RETORT_RETURN_IF_ERROR(allocate(x_, hyper_.hidden));
  RETORT_RETURN_IF_ERROR(allocate(normed_, hyper_.hidden));
  RETORT_RETURN_IF_ERROR(allocate(qkv_, qkv_size_));
  RETORT_RETURN_IF_ERROR(allocate(attended_, q_size_));
  RETORT_RETURN_IF_ERROR(allocate(gate_up_, 2 * int64_t{hyper_.ffn}));
  RETORT_RETURN_IF_ERROR(allocate(active_, hyper_.ffn));
  capacity_ = rows;
  return {};
}

RowSource Transformer::Normed(const FloatVector& norm) const {
  return {.x = x_.data, .norm = norm.data(), .eps = hyper_.rms_eps, .made = normed_.data};
}

Status Transformer::MatMul(const FloatVector& norm, const StackedWeight& weight, float* y, int64_t t, int64_t ldy,
                           Stream& stream) {
  for (const auto& part : weight.parts) {
    RETORT_RETURN_IF_ERROR(ops_.MatMulFrom(Normed(norm), *part, y, t, ldy, false, precision_, stream));
    y += part->n;
  }
  return {};
}

Status Transformer::ProjectAndStore(const LayerWeights& layer, int index, const StepRows& rows, Stream& stream) {
  const auto t = static_cast<int64_t>(rows.tokens.size());
  float* const q = qkv_.data;
  float* const v = q + q_size_;
  float* const k = v + kv_size_;
  RETORT_RETURN_IF_ERROR(MatMul(layer.attention_norm, layer.qvk, q, t, qkv_size_, stream));
  if (hyper_.attention_bias) {
    RETORT_RETURN_IF_ERROR(ops_.AddBias(q, layer.q_bias.data(), t, q_size_, qkv_size_, stream));
    RETORT_RETURN_IF_ERROR(ops_.AddBias(k, layer.k_bias.data(), t, kv_size_, qkv_size_, stream));
    RETORT_RETURN_IF_ERROR(ops_.AddBias(v, layer.v_bias.data(), t, kv_size_, qkv_size_, stream));
  }
  if (hyper_.qk_norm) {
    RETORT_RETURN_IF_ERROR(
        ops_.RmsNormHeads(q, layer.q_norm.data(), hyper_.rms_eps, t, hyper_.heads, hyper_.head_dim, qkv_size_, stream));
    RETORT_RETURN_IF_ERROR(ops_.RmsNormHeads(k, layer.k_norm.data(), hyper_.rms_eps, t, hyper_.kv_heads,
                                             hyper_.head_dim, qkv_size_, stream));
  }
  RETORT_RETURN_IF_ERROR(ops_.Rope(q, k, rows.positions.data(), weights_.inverse_frequencies.data(), t, hyper_.heads,
                                   hyper_.kv_heads, hyper_.head_dim, hyper_.rope_dim, qkv_size_, hyper_.rope_neox,
                                   stream));
  return ops_.StoreKv(k, v, qkv_size_, rows.attention, kv_, index, stream);
}

Status Transformer::KeepWanted(const StepRows& rows, Stream& stream) {
  // Rows move towards the front, in order: a row is read before its place is written.
  for (size_t to = 0; to < rows.wanted.size(); ++to) {
    const auto from = static_cast<int64_t>(rows.wanted[to]);
    if (static_cast<int64_t>(to) == from) continue;
    const auto row = static_cast<int64_t>(to);
    RETORT_RETURN_IF_ERROR(ops_.device().CopyOnDevice(x_.data + row * hyper_.hidden, x_.data + from * hyper_.hidden,
                                                      static_cast<size_t>(hyper_.hidden) * sizeof(float), stream));
    RETORT_RETURN_IF_ERROR(ops_.device().CopyOnDevice(qkv_.data + row * qkv_size_, qkv_.data + from * qkv_size_,
                                                      static_cast<size_t>(q_size_) * sizeof(float), stream));
  }
  return {};
}

Status Transformer::FeedForward(int index, int64_t t, std::span<const RowsAsked> asked, Stream& stream) {
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(index)];
  const int64_t f = hyper_.ffn;
  RETORT_RETURN_IF_ERROR(MatMul(layer.ffn_norm, layer.gate_up, gate_up_.data, t, 2 * f, stream));
  if (gates_ != nullptr) {
    RETORT_RETURN_IF_ERROR(stream.Synchronize());
    gates_->Add(index, gate_up_.data, t, f, 2 * f);
  }
  for (const RowsAsked& rows : asked) {
    RETORT_RETURN_IF_ERROR(ops_.SiluMul(gate_up_.data + rows.first * 2 * f, active_.data, rows.count, f, stream));
    RETORT_RETURN_IF_ERROR(ops_.neurons()->AddShares(active_.data, rows.count, f, rows.sums + index * f, stream));
  }
  const RowSource gated = {.x = gate_up_.data, .gated = true, .made = active_.data};
  return ops_.MatMulFrom(gated, *layer.down, x_.data, t, hyper_.hidden, true, precision_, stream);
}

Status Transformer::SparseFeedForward(int index, int64_t t, const StepRows& rows, bool kept, const Sparsity& sparsity,
                                      Stream& stream) {
  const auto at = static_cast<size_t>(index);
  const LayerNeurons& layer = neurons_->layers()[at];
  const RowSource source = Normed(weights_.layers[at].ffn_norm);
  NeuronOps& ops = *ops_.neurons();
  if (sparsity.kind == SparsityKind::kCoarse) {
    chosen_.clear();
    for (size_t i = 0; i < static_cast<size_t>(t); ++i)
      chosen_.emplace_back((*rows.neurons[kept ? static_cast<size_t>(rows.wanted[i]) : i])[at]);
    return ops.FeedForward(source, nullptr, *layer.packed, chosen_, x_.data, t, precision_, stream);
  }
  const int64_t f = hyper_.ffn;
  NeuronRule rule{.count = NeuronsLeft(f, sparsity.density[at]), .shared = sparsity.shared};
  if (!sparsity.threshold.empty()) rule = {.threshold = sparsity.threshold[at], .shared = sparsity.shared};
  RETORT_RETURN_IF_ERROR(ops_.MatMulFrom(source, *layer.gate, gate_up_.data, t, f, false, precision_, stream));
  RETORT_RETURN_IF_ERROR(ops.Choose(gate_up_.data, t, f, rule, &lists_, stream));
  return ops.FeedForward(source, gate_up_.data, *layer.packed, lists_.of_row, x_.data, t, precision_, stream);
}

Status Transformer::Attend(const LayerWeights& layer, int index, std::span<const AttentionRow> attending,
                           Stream& stream) {
  RETORT_RETURN_IF_ERROR(ops_.Attention(qkv_.data, qkv_size_, attending, kv_, index, hyper_.heads,
                                        hyper_.attention_scale, attended_.data, precision_, stream));
  return ops_.MatMul(attended_.data, *layer.output, x_.data, static_cast<int64_t>(attending.size()), hyper_.hidden,
                     true, precision_, stream);
}

Status Transformer::Run(const StepRows& rows, const ModelPart& part, float* logits, Stream& stream) {
  auto t = static_cast<int64_t>(rows.tokens.size());
  RETORT_RETURN_IF_ERROR(Grow(t));
  RETORT_RETURN_IF_ERROR(ops_.Embed(*weights_.embedding, rows.tokens.data(), x_.data, t, stream));
  std::span<const AttentionRow> attending(rows.attention);
  const bool all_wanted = static_cast<int64_t>(rows.wanted.size()) == t;
  bool kept = false;
  // After the last keys and values, only rows whose logits are wanted matter.
  const auto keep_wanted = [&]() -> Status {
    if (all_wanted || kept) return {};
    RETORT_RETURN_IF_ERROR(KeepWanted(rows, stream));
    wanted_rows_.clear();
    for (const int32_t row : rows.wanted) wanted_rows_.push_back(rows.attention[static_cast<size_t>(row)]);
    attending = wanted_rows_;
    t = static_cast<int64_t>(wanted_rows_.size());
    kept = true;
    return {};
  };
  // Rows that are asked about their neurons go through all of them.
  const int32_t last = rows.asked.empty() ? part.layers.last_attention() : hyper_.layers;
  if (last < 0) RETORT_RETURN_IF_ERROR(keep_wanted());
  for (int index = 0; index < hyper_.layers && t > 0; ++index) {
    const LayerWeights& layer = weights_.layers[static_cast<size_t>(index)];
    if (part.layers.attention[static_cast<size_t>(index)]) {
      RETORT_RETURN_IF_ERROR(ProjectAndStore(layer, index, rows, stream));
      if (index == last) RETORT_RETURN_IF_ERROR(keep_wanted());
      if (t > 0) RETORT_RETURN_IF_ERROR(Attend(layer, index, attending, stream));
    }
    if (!part.layers.feed_forward[static_cast<size_t>(index)] || t == 0) continue;
    RETORT_RETURN_IF_ERROR(part.sparsity.Dense(index) ? FeedForward(index, t, rows.asked, stream)
                                                      : SparseFeedForward(index, t, rows, kept, part.sparsity, stream));
  }
  RETORT_RETURN_IF_ERROR(keep_wanted());
  if (t == 0) return {};
  return ops_.MatMulFrom(Normed(weights_.output_norm), weights_.logits(), logits, t, hyper_.vocab, false, precision_,
                         stream);
}

}  // namespace retort
