// Wide products on oneDNN: a panel of weights is expanded to floats, then multiplied as f32.
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/matmul.h"

namespace retort::cpu {
namespace {

class OneDnnMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "onednn-f32"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact) return "its sums depend on the shape of the batch";
    if (DTypeIsQuantised(call.w->type) && (call.w->type != DType::kQ8_0 || HasByteDot()))
      return "products of bytes are faster";
    constexpr int64_t kLeastRows = 48;  // below, it was the slower one wherever it was measured
    if (call.t < kLeastRows) return "too few rows to pay for expanding the weights";
    return nullptr;
  }

  Status Run(const MatMulCall& call) override {
    std::atomic<dnnl_status_t> status = dnnl_success;
    // Each thread multiplies panels of its own, so that oneDNN has no threads to wait for. A panel stays in the
    // second-level cache between its expansion and its use.
    constexpr int64_t kPanelUnits = 8;
    ParallelFor(FloatUnits(*call.w), kPanelUnits, call.threads, [&](int64_t begin, int64_t end) {
      for (; begin < end; begin += kPanelUnits) {
        const dnnl_status_t done = Panel(call, begin, std::min(begin + kPanelUnits, end));
        if (done != dnnl_success) status = done;
      }
    });
    if (status != dnnl_success) return Internal("oneDNN sgemm failed with status " + std::to_string(status));
    return {};
  }

 private:
  static dnnl_status_t Panel(const MatMulCall& call, int64_t begin, int64_t end) {
    const GroupedWeight& w = *call.w;
    thread_local std::vector<float> panel;
    thread_local tbb::task_arena alone(1);
    const int64_t stride = (end - begin) * kFloatGroupRows, first = begin * kFloatGroupRows;
    if (panel.size() < static_cast<size_t>(stride * w.k)) panel.resize(static_cast<size_t>(stride * w.k));
    ExpandWeights(w, begin, end, panel.data(), stride);
    const float beta = call.accumulate ? 1.0f : 0.0f;
    return alone.execute([&] {
      return dnnl_sgemm('N', 'N', call.t, std::min(stride, w.n - first), w.k, 1.0f, call.x, w.k, panel.data(), stride,
                        beta, call.y + first, call.ldy);
    });
  }
};

}  // namespace

std::unique_ptr<MatMulImplementation> MakeOneDnnMatMul() { return std::make_unique<OneDnnMatMul>(); }

}  // namespace retort::cpu
