// Wide products on oneDNN: a panel of weights is expanded to floats, then multiplied as f32.
#include <hwy/targets.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/matmul.h"
#include "core/ops/cpu/onednn_isolation.h"

namespace retort::cpu {
namespace {

class OneDnnMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "onednn-f32"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact) return "its sums depend on the shape of the batch";
    if (DTypeIsQuantised(call.w->type) && call.w->type != DType::kQ8_0)
      return "weights of up to 6 bits are faster as products of bytes";
    if (call.t < kOneDnnRows) return "too few rows to pay for expanding the weights";
    if (!wide_vectors_) return "without AVX-512 simd-f32 is faster";
    return nullptr;
  }

  Status Run(const MatMulCall& call) override {
    const GroupedWeight& w = *call.w;
    // A panel stays in the second-level cache between its expansion and its use.
    constexpr int64_t kPanel = 512;
    static_assert(kPanel % kGroupRows == 0);
    panel_.resize(static_cast<size_t>(kPanel * w.k));
    for (int64_t begin = 0; begin < w.n; begin += kPanel) {
      const int64_t count = std::min(kPanel, w.n - begin), first = begin / kGroupRows;
      ParallelFor((count + kGroupRows - 1) / kGroupRows, 2, call.threads, [&](int64_t from, int64_t to) {
        ExpandGroups(w, first + from, first + to, panel_.data() + from * kGroupRows, kPanel);
      });
      dnnl_status_t status = dnnl_success;
      Isolated([&] {
        status = dnnl_sgemm('N', 'N', call.t, count, w.k, 1.0f, call.x, w.k, panel_.data(), kPanel,
                            call.accumulate ? 1.0f : 0.0f, call.y + begin, call.ldy);
      });
      if (status != dnnl_success) return Internal("oneDNN sgemm failed with status " + std::to_string(status));
    }
    return {};
  }

 private:
  // simd-f32 uses 256 bits of a vector; there it was measured 1.1 to 1.3 times as fast as oneDNN 3.2 (see matmul.h).
  const bool wide_vectors_ = (hwy::SupportedTargets() & (HWY_AVX3 | HWY_AVX3_DL)) != 0;
  std::vector<float> panel_;
};

}  // namespace

std::unique_ptr<MatMulImplementation> MakeOneDnnMatMul() { return std::make_unique<OneDnnMatMul>(); }

}  // namespace retort::cpu
