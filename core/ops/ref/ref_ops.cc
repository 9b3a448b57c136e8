#include "core/ops/ref/ref_ops.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/ops/ref/ref_neurons.h"

namespace retort {

Status CheckWeightShape(DType type, int64_t n, int64_t k) {
  if (type == DType::kI32) return Unsupported("weights of type i32: expected a float or quantised type");
  const int block = DTypeBlockElements(type);
  if (n <= 0 || k <= 0 || k % block != 0) {
    return InvalidArgument("weight [" + std::to_string(n) + ", " + std::to_string(k) + "] of type " +
                           std::string(DTypeName(type)) + ": expected positive sizes and rows of a multiple of " +
                           std::to_string(block) + " elements");
  }
  return {};
}

Status CheckAttentionHeads(int heads, const KvLayout& layout) {
  if (layout.kv_heads > 0 && heads % layout.kv_heads == 0) return {};
  return InvalidArgument("attention with " + std::to_string(heads) + " query heads needs a divisor of them as " +
                         "key/value heads, got " + std::to_string(layout.kv_heads));
}

namespace {

template <typename T>
void MoveKvElements(const KvMove& move, const KvLayout& layout) {
  const auto* const from = static_cast<const T*>(move.from_page);
  auto* const to = static_cast<T*>(move.to_page);
  for (int layer = 0; layer < layout.layers; ++layer) {
    const auto keys = static_cast<int64_t>(layout.key_offset(layer) / sizeof(T));
    const auto values = static_cast<int64_t>(layout.value_offset(layer) / sizeof(T));
    for (int g = 0; g < layout.kv_heads; ++g) {
      for (int d = 0; d < layout.head_dim; ++d) {
        to[keys + layout.KeyIndex(g, move.to_slot, d)] = from[keys + layout.KeyIndex(g, move.from_slot, d)];
        to[values + layout.ValueIndex(g, move.to_slot, d)] = from[values + layout.ValueIndex(g, move.from_slot, d)];
      }
    }
  }
}

}  // namespace

void MoveKvSlot(const KvMove& move, const KvLayout& layout) {
  if (layout.type == DType::kF32) return MoveKvElements<float>(move, layout);
  MoveKvElements<uint16_t>(move, layout);
}

namespace {

const MappedWeight& Mapped(const PackedWeight& w) { return static_cast<const MappedWeight&>(w); }

float KvElement(const void* plane, DType type, int64_t index) {
  return type == DType::kF32 ? static_cast<const float*>(plane)[index]
                             : HalfToFloat(static_cast<const uint16_t*>(plane)[index]);
}

void SetKvElement(void* plane, DType type, int64_t index, float value) {
  if (type == DType::kF32) {
    static_cast<float*>(plane)[index] = value;
  } else {
    static_cast<uint16_t*>(plane)[index] = FloatToHalf(value);
  }
}

/// One query head of one row.
void AttendHead(const float* query, const AttentionRow& row, const KvLayout& layout, int layer, int kv_head,
                float scale, float* out) {
  const int dim = layout.head_dim;
  const auto count = static_cast<size_t>(row.position) + 1;
  std::vector<double> score(count), sum(static_cast<size_t>(dim));
  double largest = -INFINITY, total = 0;
  for (size_t p = 0; p < count; ++p) {
    const int slot = row.SlotOf(static_cast<int32_t>(p));
    const char* const keys = static_cast<const char*>(row.pages[slot / kKvPageTokens]) + layout.key_offset(layer);
    double dot = 0;
    for (int d = 0; d < dim; ++d) {
      dot += static_cast<double>(query[d]) *
             KvElement(keys, layout.type, layout.KeyIndex(kv_head, slot % kKvPageTokens, d));
    }
    score[p] = dot * scale;
    largest = std::max(largest, score[p]);
  }
  for (size_t p = 0; p < count; ++p) {
    const int slot = row.SlotOf(static_cast<int32_t>(p));
    const char* const values = static_cast<const char*>(row.pages[slot / kKvPageTokens]) + layout.value_offset(layer);
    const double weight = std::exp(score[p] - largest);
    total += weight;
    for (int d = 0; d < dim; ++d) {
      sum[static_cast<size_t>(d)] +=
          weight * KvElement(values, layout.type, layout.ValueIndex(kv_head, slot % kKvPageTokens, d));
    }
  }
  for (int d = 0; d < dim; ++d) out[d] = static_cast<float>(sum[static_cast<size_t>(d)] / total);
}

class RefOps final : public OpSet {
 public:
  explicit RefOps(Device& device) : device_(device) {}
  Device& device() override { return device_; }
  NeuronOps* neurons() override { return neurons_.get(); }

  Result<std::unique_ptr<PackedWeight>> PackWeight(DType type, const void* data, int64_t n, int64_t k) override {
    RETORT_RETURN_IF_ERROR(CheckWeightShape(type, n, k));
    auto weight = std::make_unique<MappedWeight>();
    weight->type = type;
    weight->n = n;
    weight->k = k;
    weight->data = data;
    return std::unique_ptr<PackedWeight>(std::move(weight));
  }

  Status MatMul(const float* x, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate, Precision,
                Stream&) override {
    std::vector<float> row(static_cast<size_t>(w.k));
    for (int64_t n = 0; n < w.n; ++n) {
      DequantiseRow(w.type, Mapped(w).Row(n), row.data(), w.k);
      for (int64_t i = 0; i < t; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < w.k; ++k) sum += static_cast<double>(x[i * w.k + k]) * row[static_cast<size_t>(k)];
        float& out = y[i * ldy + n];
        out = accumulate ? out + static_cast<float>(sum) : static_cast<float>(sum);
      }
    }
    return {};
  }

  Status Embed(const PackedWeight& w, const int32_t* ids, float* out, int64_t t, Stream&) override {
    for (int64_t i = 0; i < t; ++i) DequantiseRow(w.type, Mapped(w).Row(ids[i]), out + i * w.k, w.k);
    return {};
  }

  Status RmsNorm(const float* x, const float* weight, float eps, float* out, int64_t t, int64_t k, Stream&) override {
    for (int64_t i = 0; i < t; ++i) {
      double squares = 0;
      for (int64_t j = 0; j < k; ++j) squares += static_cast<double>(x[i * k + j]) * x[i * k + j];
      const auto scale = static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(k) + eps));
      for (int64_t j = 0; j < k; ++j) out[i * k + j] = x[i * k + j] * scale * weight[j];
    }
    return {};
  }

  Status Rope(float* q, float* k, const int32_t* positions, const float* inv_freq, int64_t t, int heads, int kv_heads,
              int head_dim, int rope_dim, int64_t ld, bool neox, Stream&) override {
    for (int64_t i = 0; i < t; ++i) {
      for (int pair = 0; pair < rope_dim / 2; ++pair) {
        const double angle = static_cast<double>(positions[i]) * inv_freq[pair];
        const double c = std::cos(angle), s = std::sin(angle);
        const int first = neox ? pair : 2 * pair, second = neox ? pair + rope_dim / 2 : 2 * pair + 1;
        const auto rotate = [&](float* head) {
          const double a = head[first], b = head[second];
          head[first] = static_cast<float>(a * c - b * s);
          head[second] = static_cast<float>(a * s + b * c);
        };
        for (int h = 0; h < heads; ++h) rotate(q + i * ld + h * head_dim);
        for (int h = 0; h < kv_heads; ++h) rotate(k + i * ld + h * head_dim);
      }
    }
    return {};
  }

  Status StoreKv(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                 int layer, Stream&) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      const int slot = rows[i].slot();
      char* const page = static_cast<char*>(rows[i].pages[slot / kKvPageTokens]);
      const float* const key = k + static_cast<int64_t>(i) * ld;
      const float* const value = v + static_cast<int64_t>(i) * ld;
      for (int g = 0; g < layout.kv_heads; ++g) {
        for (int d = 0; d < layout.head_dim; ++d) {
          const int from = g * layout.head_dim + d, at = slot % kKvPageTokens;
          SetKvElement(page + layout.key_offset(layer), layout.type, layout.KeyIndex(g, at, d), key[from]);
          SetKvElement(page + layout.value_offset(layer), layout.type, layout.ValueIndex(g, at, d), value[from]);
        }
      }
    }
    return {};
  }

  Status Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout, int layer,
                   int heads, float scale, float* out, Precision, Stream&) override {
    RETORT_RETURN_IF_ERROR(CheckAttentionHeads(heads, layout));
    const int dim = layout.head_dim;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (int h = 0; h < heads; ++h) {
        AttendHead(q + static_cast<int64_t>(i) * ld + h * dim, rows[i], layout, layer, h / (heads / layout.kv_heads),
                   scale, out + (static_cast<int64_t>(i) * heads + h) * dim);
      }
    }
    return {};
  }

  Status MoveKv(std::span<const KvMove> moves, const KvLayout& layout, Stream&) override {
    for (const KvMove& move : moves) MoveKvSlot(move, layout);
    return {};
  }

  Status SiluMul(const float* gate_up, float* out, int64_t t, int64_t f, Stream&) override {
    for (int64_t i = 0; i < t; ++i) {
      for (int64_t j = 0; j < f; ++j) {
        const double gate = gate_up[i * 2 * f + j];
        out[i * f + j] = static_cast<float>(gate / (1.0 + std::exp(-gate)) * gate_up[i * 2 * f + f + j]);
      }
    }
    return {};
  }

  Status AddBias(float* y, const float* bias, int64_t t, int64_t k, int64_t ldy, Stream&) override {
    for (int64_t i = 0; i < t; ++i) {
      for (int64_t j = 0; j < k; ++j) y[i * ldy + j] += bias[j];
    }
    return {};
  }

 private:
  Device& device_;
  const std::unique_ptr<NeuronOps> neurons_ = MakeRefNeurons();
};

}  // namespace

std::unique_ptr<OpSet> MakeRefOps(Device& device) { return std::make_unique<RefOps>(device); }

}  // namespace retort
