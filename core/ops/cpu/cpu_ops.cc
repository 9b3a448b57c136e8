#include "core/ops/cpu/cpu_ops.h"

#include <algorithm>
#include <cmath>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/attention.h"
#include "core/ops/cpu/cpu_neurons.h"
#include "core/ops/cpu/kv_store.h"
#include "core/ops/cpu/matmul.h"
#include "core/ops/cpu/rotation_tables.h"
#include "core/ops/cpu/row_kernels.h"
#include "core/ops/ref/ref_ops.h"

namespace retort {
namespace {

class CpuOps final : public OpSet {
 public:
  explicit CpuOps(Device& device)
      : device_(device), threads_(device.info().threads), arena_(device), neurons_(arena_, threads_) {}
  Device& device() override { return device_; }
  void Together(const std::function<void()>& step) override { WithTeam(threads_, step); }
  NeuronOps* neurons() override { return &neurons_; }
  void ChooseByRule() override { matmul_.TakeListedOrder(); }
  std::vector<std::string> DispatchReport() const override { return matmul_.Report(); }

  Result<std::unique_ptr<PackedWeight>> PackWeight(DType type, const void* data, int64_t n, int64_t k) override {
    RETORT_RETURN_IF_ERROR(CheckWeightShape(type, n, k));
    RETORT_ASSIGN_OR_RETURN(auto weight, cpu::GroupedWeight::Pack(arena_, threads_, type, data, n, k));
    return std::unique_ptr<PackedWeight>(std::move(weight));
  }

  /// All groups of all matrices as one loop, so that threads meet once and not at each of some two hundred matrices.
  Status PackWeights(std::span<WeightToPack> weights) override {
    struct Part {
      cpu::GroupedWeight* weight;
      const void* data;
      int64_t begin;  // of its groups among those of all
    };
    std::vector<Part> parts;
    int64_t groups = 0;
    for (WeightToPack& weight : weights) {
      const auto named = [&](const Status& status) { return status.Annotate("tensor '" + weight.name + "'"); };
      if (const Status s = CheckWeightShape(weight.type, weight.n, weight.k); !s.ok()) return named(s);
      auto packed = cpu::GroupedWeight::Allocate(arena_, weight.type, weight.n, weight.k);
      if (!packed.ok()) return named(packed.status());
      parts.push_back({packed->get(), weight.data, groups});
      groups += (*packed)->group_count();
      weight.packed = *std::move(packed);
    }
    ParallelFor(groups, 8, threads_, [&](int64_t begin, int64_t end) {
      for (const Part& part : parts) {
        const int64_t first = std::max<int64_t>(begin - part.begin, 0);
        const int64_t last = std::min(end - part.begin, part.weight->group_count());
        if (first < last) part.weight->PackGroups(part.data, first, last);
      }
    });
    return {};
  }

  Status MatMul(const float* x, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate,
                Precision precision, Stream& stream) override {
    return MatMulFrom({.x = x}, w, y, t, ldy, accumulate, precision, stream);
  }

  Status MatMulFrom(const RowSource& rows, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate,
                    Precision precision, Stream&) override {
    if (t == 0) return {};
    cpu::MatMulCall call;
    call.x = rows.x;
    call.w = static_cast<const cpu::GroupedWeight*>(&w);
    call.y = y;
    call.t = t;
    call.ldy = ldy;
    call.accumulate = accumulate;
    call.precision = precision;
    call.threads = threads_;
    call.norm = rows.norm;
    call.eps = rows.eps;
    call.gated = rows.gated;
    call.made = rows.made;
    return matmul_.Run(call);
  }

  Status Embed(const PackedWeight& w, const int32_t* ids, float* out, int64_t t, Stream&) override {
    const auto& table = static_cast<const cpu::GroupedWeight&>(w);
    ParallelFor(t, 16, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) table.ExpandRow(ids[i], out + i * w.k);
    });
    return {};
  }

  Status RmsNorm(const float* x, const float* weight, float eps, float* out, int64_t t, int64_t k, Stream&) override {
    ParallelFor(t, 4, threads_, [&](int64_t begin, int64_t end) {
      cpu::MakeRows({.x = x, .norm = weight, .eps = eps}, k, begin, end, out);
    });
    return {};
  }

  Status Rope(float* q, float* k, const int32_t* positions, const float* inv_freq, int64_t t, int heads, int kv_heads,
              int head_dim, int rope_dim, int64_t ld, bool neox, Stream&) override {
    const float* const table = rotations_.For(positions, t, inv_freq, rope_dim, neox, threads_);
    ParallelFor(t, 4, threads_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* const cosines = table + i * 2 * rope_dim;
        const float* const sines = cosines + rope_dim;
        cpu::RotateHeads(q + i * ld, heads, head_dim, rope_dim, neox, cosines, sines);
        cpu::RotateHeads(k + i * ld, kv_heads, head_dim, rope_dim, neox, cosines, sines);
      }
    });
    return {};
  }

  Status StoreKv(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                 int layer, Stream&) override {
    cpu::StoreKvRows(k, v, ld, rows, layout, layer, threads_);
    return {};
  }

  Status Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout, int layer,
                   int heads, float scale, float* out, Precision, Stream&) override {
    return attention_.Run({q, ld, rows, &layout, layer, heads, scale, out, threads_});
  }

  Status MoveKv(std::span<const KvMove> moves, const KvLayout& layout, Stream&) override {
    for (const KvMove& move : moves) MoveKvSlot(move, layout);
    return {};
  }

  Status SiluMul(const float* gate_up, float* out, int64_t t, int64_t f, Stream&) override {
    ParallelFor(t, 2, threads_,
                [&](int64_t begin, int64_t end) { cpu::MakeRows({.x = gate_up, .gated = true}, f, begin, end, out); });
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
  const int threads_;
  cpu::WeightArena arena_;
  cpu::CpuNeurons neurons_;
  cpu::MatMulList matmul_;
  cpu::RotationTables rotations_;
  cpu::PagedAttention attention_;
};

}  // namespace

std::unique_ptr<OpSet> MakeCpuOps(Device& device) { return std::make_unique<CpuOps>(device); }

}  // namespace retort
