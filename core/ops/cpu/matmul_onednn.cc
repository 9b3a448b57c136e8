// Wide products on oneDNN: a panel of weights is expanded to floats, then multiplied as f32.
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
    const DType type = call.w->type;
    if (type == DType::kQ4_0 || type == DType::kQ4_1) return "products of bytes are faster for 4-bit weights at any number of rows";
    if (call.t < kOneDnnRows) return "too few rows to pay for expanding the weights";
    return nullptr;
  }

  Status Run(const MatMulCall& call) override {
    const GroupedWeight& w = *call.w;
    // A panel stays in the second-level cache between its expansion and its use.
    constexpr int64_t kPanel = 512;
    for (int64_t begin = 0; begin < w.n; begin += kPanel) {
      const int64_t count = std::min(kPanel, w.n - begin);
      const float* weights = static_cast<const float*>(w.Row(begin));
      if (w.type != DType::kF32) {
        panel_.resize(static_cast<size_t>(kPanel * w.k));
        ParallelFor(count, 16, call.threads, [&](int64_t from, int64_t to) {
          ExpandRows(w.type, w.data, w.k, begin + from, begin + to, panel_.data() + from * w.k);
        });
        weights = panel_.data();
      }
      dnnl_status_t status = dnnl_success;
      Isolated([&] {
        status = dnnl_sgemm('N', 'T', call.t, count, w.k, 1.0f, call.x, w.k, weights, w.k, call.accumulate ? 1.0f : 0.0f,
                            call.y + begin, call.ldy);
      });
      if (status != dnnl_success) return Internal("oneDNN sgemm failed with status " + std::to_string(status));
    }
    return {};
  }

 private:
  std::vector<float> panel_;
};

}  // namespace

std::unique_ptr<MatMulImplementation> MakeOneDnnMatMul() { return std::make_unique<OneDnnMatMul>(); }

}  // namespace retort::cpu
