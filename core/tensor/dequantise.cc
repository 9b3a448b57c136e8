// Reference expansion, scalar and exact: the formulas and roundings of llama.cpp's dequantise_row_*.
#include <algorithm>

#include "core/tensor/blocks.h"

namespace retort {
namespace {

void Expand(const BlockQ8_0& b, float* dst) {
  const float d = HalfToFloat(b.d);
  for (int i = 0; i < kQuantBlock; ++i) dst[i] = d * static_cast<float>(b.q[i]);
}

template <typename Block>
void ExpandCentred(const Block& b, int centre, float* dst) {
  const float d = HalfToFloat(b.d);
  for (int i = 0; i < kQuantBlock; ++i) dst[i] = d * static_cast<float>(Integer(b, i) - centre);
}
void Expand(const BlockQ4_0& b, float* dst) { ExpandCentred(b, 8, dst); }
void Expand(const BlockQ5_0& b, float* dst) { ExpandCentred(b, 16, dst); }

template <typename Block>
void ExpandOffset(const Block& b, float* dst) {
  const float d = HalfToFloat(b.d);
  const float m = HalfToFloat(b.m);
  for (int i = 0; i < kQuantBlock; ++i) dst[i] = d * static_cast<float>(Integer(b, i)) + m;
}
void Expand(const BlockQ4_1& b, float* dst) { ExpandOffset(b, dst); }
void Expand(const BlockQ5_1& b, float* dst) { ExpandOffset(b, dst); }

template <typename Block>
void ExpandScaled(const Block& b, float* dst) {
  for (int j = 0; j < kSuperBlock / 32; ++j) {
    const float d = HalfToFloat(b.d) * static_cast<float>(KScale(b.scales, j));
    const float m = HalfToFloat(b.dmin) * static_cast<float>(KMin(b.scales, j));
    for (int i = j * 32; i < (j + 1) * 32; ++i) dst[i] = d * static_cast<float>(Integer(b, i)) - m;
  }
}
void Expand(const BlockQ4_K& b, float* dst) { ExpandScaled(b, dst); }
void Expand(const BlockQ5_K& b, float* dst) { ExpandScaled(b, dst); }

void Expand(const BlockQ6_K& b, float* dst) {
  for (int i = 0; i < kSuperBlock; ++i) {
    dst[i] = HalfToFloat(b.d) * static_cast<float>(b.scales[i / 16]) * static_cast<float>(Integer(b, i) - 32);
  }
}

template <DType kType>
void ExpandRow(const void* src, float* dst, int64_t elements) {
  const int size = DTypeBlockElements(kType);
  const auto* blocks = static_cast<const typename BlockOf<kType>::Type*>(src);
  for (int64_t i = 0; i < elements / size; ++i) Expand(blocks[i], dst + i * size);
}

template <typename T, typename ToFloat>
void Convert(const void* src, float* dst, int64_t elements, ToFloat to_float) {
  std::transform(static_cast<const T*>(src), static_cast<const T*>(src) + elements, dst, to_float);
}

}  // namespace

void DequantiseRow(DType type, const void* src, float* dst, int64_t elements) {
  switch (type) {
    case DType::kF32: std::copy_n(static_cast<const float*>(src), elements, dst); return;
    case DType::kF16: return Convert<uint16_t>(src, dst, elements, HalfToFloat);
    case DType::kBF16: return Convert<uint16_t>(src, dst, elements, BFloat16ToFloat);
    case DType::kQ8_0: return ExpandRow<DType::kQ8_0>(src, dst, elements);
    case DType::kQ4_0: return ExpandRow<DType::kQ4_0>(src, dst, elements);
    case DType::kQ4_1: return ExpandRow<DType::kQ4_1>(src, dst, elements);
    case DType::kQ5_0: return ExpandRow<DType::kQ5_0>(src, dst, elements);
    case DType::kQ5_1: return ExpandRow<DType::kQ5_1>(src, dst, elements);
    case DType::kQ4_K: return ExpandRow<DType::kQ4_K>(src, dst, elements);
    case DType::kQ5_K: return ExpandRow<DType::kQ5_K>(src, dst, elements);
    case DType::kQ6_K: return ExpandRow<DType::kQ6_K>(src, dst, elements);
    case DType::kI32: return Convert<int32_t>(src, dst, elements, [](int32_t v) { return static_cast<float>(v); });
  }
}

}  // namespace retort
