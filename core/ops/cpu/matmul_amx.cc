// Products on the matrix unit, where the processor has one.
#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/bfloat16.h"
#include "core/ops/cpu/matmul.h"
#include "core/ops/cpu/matrix_tiles.h"

namespace retort::cpu {
namespace {

class BFloat16MatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "amx-bf16"; }
  const char* Declines(const MatMulCall& call) const override {
    if (!HasMatrixTiles()) return "the processor has no matrix unit";
    if (call.precision == Precision::kExact) return "exact keeps activations in float";
    // Below, rounding the weights to bfloat16 took longer than products of what they are, wherever it was measured.
    if (call.t < (DTypeIsQuantised(call.w->type) ? 48 : kWideRows)) return "too few rows to pay for making bfloat16";
    return nullptr;
  }
  bool MakesRows() const override { return true; }
  Status Run(const MatMulCall& call) override {
    const GroupedWeight& w = *call.w;
    ResizeBFloat16Rows(call.t, w.k, &rows_);
    ParallelFor(call.t, 2, call.threads,
                [&](int64_t begin, int64_t end) { PackBFloat16Rows(call.source(), w.k, begin, end, &rows_); });
    ParallelFor(FloatUnits(w), 1, call.threads,
                [&](int64_t begin, int64_t end) { MatMulBFloat16Tiles(call, rows_, begin, end); });
    return {};
  }

 private:
  BFloat16Rows rows_;
};

}  // namespace

std::unique_ptr<MatMulImplementation> MakeBFloat16MatMul() { return std::make_unique<BFloat16MatMul>(); }

}  // namespace retort::cpu
