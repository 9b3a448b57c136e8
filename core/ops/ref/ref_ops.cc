#include "core/ops/ref/ref_ops.h"

#include <algorithm>
#include <cmath>
#include <vector>

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

namespace {

const MappedWeight& Mapped(const PackedWeight& w) { return static_cast<const MappedWeight&>(w); }

float KvElement(const void* plane, DType type, int64_t index) {
  return type == DType::kF32 ? static_cast<const float*>(plane)[index]
                             : HalfToFloat(static_cast<const uint16_t*>(plane)[index]);
}

class RefOps final : public OpSet {
 public:
  explicit RefOps(Device& device) : device_(device) {}
  Device& device() override { return device_; }

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
      char* const page = static_cast<char*>(rows[i].pages[rows[i].position / kKvPageTokens]);
      Store(k + static_cast<int64_t>(i) * ld, page + layout.key_offset(layer), rows[i].position % kKvPageTokens,
            layout);
      Store(v + static_cast<int64_t>(i) * ld, page + layout.value_offset(layer), rows[i].position % kKvPageTokens,
            layout);
    }
    return {};
  }

  Status Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout, int layer,
                   int heads, float scale, float* out, Precision, Stream&) override {
    const int dim = layout.head_dim, group = heads / layout.kv_heads;
    std::vector<double> score, sum(static_cast<size_t>(dim));
    for (size_t i = 0; i < rows.size(); ++i) {
      const AttentionRow& row = rows[i];
      score.resize(static_cast<size_t>(row.position) + 1);
      for (int h = 0; h < heads; ++h) {
        const float* const query = q + static_cast<int64_t>(i) * ld + h * dim;
        const auto element = [&](int32_t position, size_t offset, int d) {
          const char* const page = static_cast<const char*>(row.pages[position / kKvPageTokens]);
          return KvElement(page + offset, layout.type,
                           (int64_t{h / group} * kKvPageTokens + position % kKvPageTokens) * dim + d);
        };
        double largest = -INFINITY, total = 0;
        for (int32_t p = 0; p <= row.position; ++p) {
          double dot = 0;
          for (int d = 0; d < dim; ++d) dot += static_cast<double>(query[d]) * element(p, layout.key_offset(layer), d);
          score[static_cast<size_t>(p)] = dot * scale;
          largest = std::max(largest, dot * scale);
        }
        std::fill(sum.begin(), sum.end(), 0.0);
        for (int32_t p = 0; p <= row.position; ++p) {
          const double weight = std::exp(score[static_cast<size_t>(p)] - largest);
          total += weight;
          for (int d = 0; d < dim; ++d)
            sum[static_cast<size_t>(d)] += weight * element(p, layout.value_offset(layer), d);
        }
        float* const result = out + (static_cast<int64_t>(i) * heads + h) * dim;
        for (int d = 0; d < dim; ++d) result[d] = static_cast<float>(sum[static_cast<size_t>(d)] / total);
      }
    }
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
  static void Store(const float* row, void* plane, int slot, const KvLayout& layout) {
    for (int g = 0; g < layout.kv_heads; ++g) {
      for (int d = 0; d < layout.head_dim; ++d) {
        const int64_t to = (int64_t{g} * kKvPageTokens + slot) * layout.head_dim + d;
        const float value = row[g * layout.head_dim + d];
        if (layout.type == DType::kF32) {
          static_cast<float*>(plane)[to] = value;
        } else {
          static_cast<uint16_t*>(plane)[to] = FloatToHalf(value);
        }
      }
    }
  }

  Device& device_;
};

}  // namespace

std::unique_ptr<OpSet> MakeRefOps(Device& device) { return std::make_unique<RefOps>(device); }

}  // namespace retort
