#include "core/model/part_density.h"

namespace retort {
namespace {

/// The share of a layer's feed-forward part.
double FeedForwardShare(const Sparsity& sparsity, int32_t layer) {
  if (sparsity.Dense(layer)) return 1;
  const double density = static_cast<double>(sparsity.density[static_cast<size_t>(layer)]);
  return sparsity.kind == SparsityKind::kCoarse ? density : (1 + 2 * density) / 3;
}

}  // namespace

double PartDensity(const ModelHyper& hyper, const ModelPart& part) {
  const double hidden = hyper.hidden, queries = 1.0 * hyper.heads * hyper.head_dim;
  const double keys_values = 2.0 * hyper.kv_heads * hyper.head_dim;
  double attention = hidden * (2 * queries + keys_values) + hidden;  // with its norm
  if (hyper.attention_bias) attention += queries + keys_values;
  if (hyper.qk_norm) attention += 2.0 * hyper.head_dim;
  const double feed_forward = 3 * hidden * hyper.ffn;
  const double outside = (hyper.tied_embeddings ? 1 : 2) * hidden * hyper.vocab + hidden;
  double read = outside;
  for (int32_t layer = 0; layer < hyper.layers; ++layer) {
    const auto at = static_cast<size_t>(layer);
    if (part.layers.attention[at]) read += attention;
    if (part.layers.feed_forward[at]) read += hidden + feed_forward * FeedForwardShare(part.sparsity, layer);
  }
  return read / (outside + hyper.layers * (attention + hidden + feed_forward));
}

}  // namespace retort
