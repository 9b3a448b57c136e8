#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/expand_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/weight_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

template <DType kType>
HWY_ATTR void Expand(const void* weights, int64_t k, int64_t begin, int64_t end, float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t row_bytes = DTypeRowBytes(kType, k);
  for (int64_t n = begin; n < end; ++n, out += k) {
    const char* const bytes = static_cast<const char*>(weights) + static_cast<size_t>(n) * row_bytes;
    WeightRow<kType> row(bytes);
    for (int64_t block = 0; block < k / 32; ++block) {
      row.Begin(block);
      for (size_t offset = 0; offset < 32; offset += lanes) hn::StoreU(row.Load(offset), d, out + block * 32 + offset);
    }
    if (const int64_t done = k / 32 * 32; done < k) {  // float types need be no multiple of 32
      DequantiseRow(kType, bytes + static_cast<size_t>(done) * DTypeBlockBytes(kType), out + done, k - done);
    }
  }
}

HWY_ATTR void ExpandRowsTarget(DType type, const void* w, int64_t k, int64_t begin, int64_t end, float* out) {
  switch (type) {
    case DType::kF32: return Expand<DType::kF32>(w, k, begin, end, out);
    case DType::kF16: return Expand<DType::kF16>(w, k, begin, end, out);
    case DType::kBF16: return Expand<DType::kBF16>(w, k, begin, end, out);
    case DType::kQ8_0: return Expand<DType::kQ8_0>(w, k, begin, end, out);
    case DType::kQ4_0: return Expand<DType::kQ4_0>(w, k, begin, end, out);
    case DType::kQ4_1: return Expand<DType::kQ4_1>(w, k, begin, end, out);
    case DType::kQ5_0: return Expand<DType::kQ5_0>(w, k, begin, end, out);
    case DType::kQ5_1: return Expand<DType::kQ5_1>(w, k, begin, end, out);
    case DType::kQ4_K: return Expand<DType::kQ4_K>(w, k, begin, end, out);
    case DType::kQ5_K: return Expand<DType::kQ5_K>(w, k, begin, end, out);
    case DType::kQ6_K: return Expand<DType::kQ6_K>(w, k, begin, end, out);
    case DType::kI32: return;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(ExpandRowsTarget);

void ExpandRows(DType type, const void* weights, int64_t k, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRowsTarget)(type, weights, k, begin, end, out);
}
}  // namespace retort::cpu
#endif
