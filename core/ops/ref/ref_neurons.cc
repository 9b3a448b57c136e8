#include "core/ops/ref/ref_neurons.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/ops/ref/ref_ops.h"

namespace retort {
namespace {

/// Gate, up and column of each neuron, as floats of what the type keeps.
class RefNeuronWeight final : public PackedNeurons {
 public:
  std::vector<float> gate, up, column;  // [F, K] each
  size_t owned_bytes() const override { return (gate.size() + up.size() + column.size()) * sizeof(float); }
};

/// A row as `type` keeps it.
std::vector<float> Kept(DType type, const std::vector<float>& row) {
  const auto k = static_cast<int64_t>(row.size());
  std::vector<std::byte> kept(DTypeRowBytes(type, k));
  std::vector<float> out(row.size());
  QuantiseRow(type, row.data(), kept.data(), k);
  DequantiseRow(type, kept.data(), out.data(), k);
  return out;
}

std::vector<float> RowOf(const PackedWeight& w, int64_t row) {
  std::vector<float> values(static_cast<size_t>(w.k));
  DequantiseRow(w.type, static_cast<const MappedWeight&>(w).Row(row), values.data(), w.k);
  return values;
}

double SiluOf(double x) { return x / (1 + std::exp(-x)); }

class RefNeurons final : public NeuronOps {
 public:
  Result<std::unique_ptr<PackedNeurons>> Pack(std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                              const PackedWeight& down) override {
    RETORT_ASSIGN_OR_RETURN(const DType type, CheckNeuronMatrices(gate_up, down));
    auto packed = std::make_unique<RefNeuronWeight>();
    packed->type = type;
    packed->neurons = down.k;
    packed->k = down.n;
    for (const auto& part : gate_up) {
      for (int64_t row = 0; row < part->n; ++row) {
        std::vector<float> values = RowOf(*part, row);
        if (part->type != type) values = Kept(type, values);
        std::vector<float>& to = packed->gate.size() < static_cast<size_t>(down.k * down.n) ? packed->gate : packed->up;
        to.insert(to.end(), values.begin(), values.end());
      }
    }
    std::vector<float> rows;
    for (int64_t row = 0; row < down.n; ++row) {
      const std::vector<float> values = RowOf(down, row);
      rows.insert(rows.end(), values.begin(), values.end());
    }
    for (int64_t neuron = 0; neuron < down.k; ++neuron) {
      std::vector<float> column(static_cast<size_t>(down.n));
      for (size_t i = 0; i < column.size(); ++i)
        column[i] = rows[i * static_cast<size_t>(down.k) + static_cast<size_t>(neuron)];
      column = Kept(type, column);
      packed->column.insert(packed->column.end(), column.begin(), column.end());
    }
    return std::unique_ptr<PackedNeurons>(std::move(packed));
  }

  Result<std::unique_ptr<PackedWeight>> FirstRows(const PackedWeight& w, int64_t n) override {
    RETORT_RETURN_IF_ERROR(CheckFirstRows(w, n));
    auto first = std::make_unique<MappedWeight>();
    first->type = w.type;
    first->n = n;
    first->k = w.k;
    first->data = static_cast<const MappedWeight&>(w).data;
    return std::unique_ptr<PackedWeight>(std::move(first));
  }

  Status FeedForward(const RowSource& rows, const float* silu, const PackedNeurons& packed,
                     std::span<const NeuronList> lists, float* y, int64_t t, Precision, Stream&) override {
    const auto& w = static_cast<const RefNeuronWeight&>(packed);
    for (int64_t row = 0; row < t; ++row) {
      const std::vector<double> x = Made(rows, row, w.k);
      std::vector<double> sum(x.size());
      for (const int32_t neuron : lists[static_cast<size_t>(row)]) {
        const size_t at = static_cast<size_t>(neuron) * x.size();
        double gate = 0, up = 0;
        for (size_t i = 0; i < x.size(); ++i) {
          gate += x[i] * static_cast<double>(w.gate[at + i]);
          up += x[i] * static_cast<double>(w.up[at + i]);
        }
        const double z = (silu != nullptr ? static_cast<double>(silu[row * w.neurons + neuron]) : SiluOf(gate)) * up;
        for (size_t i = 0; i < x.size(); ++i) sum[i] += z * static_cast<double>(w.column[at + i]);
      }
      for (size_t i = 0; i < x.size(); ++i) y[row * w.k + static_cast<int64_t>(i)] += static_cast<float>(sum[i]);
    }
    return {};
  }

  Status Choose(float* gate, int64_t t, int64_t f, const NeuronRule& rule, NeuronLists* lists, Stream&) override {
    std::transform(gate, gate + t * f, gate,
                   [](float x) { return static_cast<float>(SiluOf(static_cast<double>(x))); });
    lists->neurons.clear();
    lists->neurons.reserve(static_cast<size_t>(t * f));
    lists->of_row.clear();
    lists->sums.assign(gate, gate + (rule.shared ? 0 : t * f));
    if (rule.shared) lists->sums.assign(static_cast<size_t>(f), 0);
    for (int64_t i = 0; rule.shared && i < t * f; ++i) lists->sums[static_cast<size_t>(i % f)] += std::fabs(gate[i]);
    for (int64_t row = 0; row < (rule.shared ? 1 : t); ++row) List(lists->sums.data() + row * f, f, rule, lists);
    while (lists->of_row.size() < static_cast<size_t>(t)) lists->of_row.push_back(lists->of_row.back());
    return {};
  }

  Status AddShares(const float* z, int64_t t, int64_t f, float* sums, Stream&) override {
    for (int64_t row = 0; row < t; ++row) {
      double squares = 0;
      for (int64_t j = 0; j < f; ++j) squares += static_cast<double>(z[row * f + j]) * z[row * f + j];
      if (squares == 0) continue;
      for (int64_t j = 0; j < f; ++j) {
        const double share = static_cast<double>(z[row * f + j]) * z[row * f + j] / squares;
        sums[j] += static_cast<float>(share);
      }
    }
    return {};
  }

 private:
  static std::vector<double> Made(const RowSource& rows, int64_t row, int64_t k) {
    std::vector<double> x(static_cast<size_t>(k));
    const float* const from = rows.x + row * (rows.gated ? 2 * k : k);
    double squares = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<double>(from[i]);
      squares += x[i] * x[i];
      if (rows.gated) x[i] = SiluOf(x[i]) * static_cast<double>(from[k + static_cast<int64_t>(i)]);
    }
    if (rows.norm == nullptr) return x;
    const double factor = 1 / std::sqrt(squares / static_cast<double>(k) + static_cast<double>(rows.eps));
    for (size_t i = 0; i < x.size(); ++i) x[i] *= factor * static_cast<double>(rows.norm[i]);
    return x;
  }

  /// Append one list. `values` have room in the lists already, so that views stay.
  static void List(const float* values, int64_t f, const NeuronRule& rule, NeuronLists* lists) {
    std::vector<int32_t> order(static_cast<size_t>(f));
    std::iota(order.begin(), order.end(), 0);
    if (rule.count > 0) {
      std::stable_sort(order.begin(), order.end(),
                       [&](int32_t a, int32_t b) { return std::fabs(values[a]) > std::fabs(values[b]); });
      order.resize(static_cast<size_t>(std::min(rule.count, f)));
      std::sort(order.begin(), order.end());
    } else {
      std::erase_if(order, [&](int32_t neuron) { return std::fabs(values[neuron]) < rule.threshold; });
    }
    lists->neurons.insert(lists->neurons.end(), order.begin(), order.end());
    lists->of_row.emplace_back(lists->neurons.data() + lists->neurons.size() - order.size(), order.size());
  }
};

}  // namespace

std::unique_ptr<NeuronOps> MakeRefNeurons() { return std::make_unique<RefNeurons>(); }

Result<DType> CheckNeuronMatrices(std::span<const std::unique_ptr<PackedWeight>> gate_up, const PackedWeight& down) {
  int64_t rows = 0;
  bool fits = true;
  DType type = NeuronType(down.type);
  for (const auto& part : gate_up) {
    rows += part->n;
    fits = fits && part->k == down.n;
    if (NeuronType(part->type) != type) type = DType::kF32;
  }
  if (fits && rows == 2 * down.k) return type;
  return InvalidArgument("feed-forward part by neuron: expected gate and up [F, K] and down [K, F], got " +
                         std::to_string(rows) + " rows of gate and up, and down [" + std::to_string(down.n) + ", " +
                         std::to_string(down.k) + "]");
}

Status CheckFirstRows(const PackedWeight& w, int64_t n) {
  if (n >= 1 && n <= w.n) return {};
  return InvalidArgument("first rows of a matrix: expected 1 to " + std::to_string(w.n) + " of them, got " +
                         std::to_string(n));
}

}  // namespace retort
