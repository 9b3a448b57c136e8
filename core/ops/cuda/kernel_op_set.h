// The OpSet of kernels/*.h, for any device on which launch.h runs them: a GPU, or in tests the CPU.
// Thread-safety: one step at a time, as OpSet; steps on different streams are synchronised in between.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/ops/cuda/staging.h"
#include "core/ops/ops.h"

namespace retort::cuda {

struct PagedRows;

class KernelOpSet final : public OpSet {
 public:
  static constexpr int64_t kScoreFloats = int64_t{16} << 20;  // 64 MiB

  /// The device must outlive the result. Attention's scores take `score_floats` at most, or one row's worth: a step
  /// with more is done some rows at a time. Errors: the device's, from making a stream.
  static Result<std::unique_ptr<KernelOpSet>> Create(Device& device, int64_t score_floats = kScoreFloats);

  Device& device() override { return device_; }

  /// Copies the matrix as it is to the device and waits; `data` may go afterwards.
  Result<std::unique_ptr<PackedWeight>> PackWeight(DType type, const void* data, int64_t n, int64_t k) override;
  /// Float sums in one order for both precisions.
  Status MatMul(const float* x, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate,
                Precision precision, Stream& stream) override;
  Status Embed(const PackedWeight& w, const int32_t* ids, float* out, int64_t t, Stream& stream) override;
  Status RmsNorm(const float* x, const float* weight, float eps, float* out, int64_t t, int64_t k,
                 Stream& stream) override;
  Status RmsNormHeads(float* x, const float* weight, float eps, int64_t t, int heads, int head_dim, int64_t ld,
                      Stream& stream) override;
  Status Rope(float* q, float* k, const int32_t* positions, const float* inv_freq, int64_t t, int heads, int kv_heads,
              int head_dim, int rope_dim, int64_t ld, bool neox, Stream& stream) override;
  Status StoreKv(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                 int layer, Stream& stream) override;
  Status Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout, int layer,
                   int heads, float scale, float* out, Precision precision, Stream& stream) override;
  Status MoveKv(std::span<const KvMove> moves, const KvLayout& layout, Stream& stream) override;
  Status SiluMul(const float* gate_up, float* out, int64_t t, int64_t f, Stream& stream) override;
  Status AddBias(float* y, const float* bias, int64_t t, int64_t k, int64_t ldy, Stream& stream) override;
  std::vector<std::string> DispatchReport() const override;

 private:
  KernelOpSet(Device& device, std::unique_ptr<Stream> upload, int64_t score_floats)
      : device_(device), upload_(std::move(upload)), staging_(device), score_floats_(score_floats) {}

  Result<PagedRows> StageRows(std::span<const AttentionRow> rows, Stream& stream);
  Result<float*> ReserveScores(int64_t floats, Stream& stream);

  Device& device_;
  std::unique_ptr<Stream> upload_;
  Staging staging_;
  int64_t score_floats_;
  std::unique_ptr<Buffer> scores_;
  std::set<std::tuple<DType, int64_t, int64_t, int, Precision>> matmuls_;  // type, n, k, tokens a warp, asked for
};

}  // namespace retort::cuda
