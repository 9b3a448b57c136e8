// Reference quantisation, scalar and exact: the formulas and roundings of llama.cpp's reference quantisers, so that a
// file written by one is read alike by the other.
#include <algorithm>
#include <cmath>

#include "core/tensor/dtype.h"

namespace retort {
namespace {

void Expand(const BlockQ8_0& b, float* dst) {
  const float d = HalfToFloat(b.d);
  for (int i = 0; i < kQuantBlock; ++i) dst[i] = d * static_cast<float>(b.q[i]);
}

void Expand(const BlockQ4_0& b, float* dst) {
  const float d = HalfToFloat(b.d);
  for (int i = 0; i < kQuantBlock / 2; ++i) {
    dst[i] = d * static_cast<float>((b.q[i] & 15) - 8);
    dst[i + 16] = d * static_cast<float>((b.q[i] >> 4) - 8);
  }
}

void Expand(const BlockQ4_1& b, float* dst) {
  const float d = HalfToFloat(b.d);
  const float m = HalfToFloat(b.m);
  for (int i = 0; i < kQuantBlock / 2; ++i) {
    dst[i] = d * static_cast<float>(b.q[i] & 15) + m;
    dst[i + 16] = d * static_cast<float>(b.q[i] >> 4) + m;
  }
}

void Round(const float* x, BlockQ8_0* b) {
  float largest = 0;
  for (int i = 0; i < kQuantBlock; ++i) largest = std::max(largest, std::fabs(x[i]));
  const float d = largest / 127;
  const float inverse = d != 0 ? 1 / d : 0;
  b->d = FloatToHalf(d);
  for (int i = 0; i < kQuantBlock; ++i) b->q[i] = static_cast<int8_t>(std::round(x[i] * inverse));
}

void Round(const float* x, BlockQ4_0* b) {
  float largest = 0, extreme = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    if (std::fabs(x[i]) > largest) {
      largest = std::fabs(x[i]);
      extreme = x[i];
    }
  }
  const float d = extreme / -8;
  const float inverse = d != 0 ? 1 / d : 0;
  b->d = FloatToHalf(d);
  const auto nibble = [&](float v) { return std::min(15, static_cast<int>(static_cast<int8_t>(v * inverse + 8.5f))); };
  for (int i = 0; i < kQuantBlock / 2; ++i) b->q[i] = static_cast<uint8_t>(nibble(x[i]) | (nibble(x[i + 16]) << 4));
}

void Round(const float* x, BlockQ4_1* b) {
  const auto range = std::minmax_element(x, x + kQuantBlock);
  const float low = *range.first;
  const float d = (*range.second - low) / 15;
  const float inverse = d != 0 ? 1 / d : 0;
  b->d = FloatToHalf(d);
  b->m = FloatToHalf(low);
  const auto nibble = [&](float v) {
    return std::min(
        15, static_cast<int>(static_cast<int8_t>((v - low) * inverse + 0.5f)));  // NOLINT(bugprone-incorrect-roundings)
  };
  for (int i = 0; i < kQuantBlock / 2; ++i) b->q[i] = static_cast<uint8_t>(nibble(x[i]) | (nibble(x[i + 16]) << 4));
}

template <typename Block>
void ExpandRow(const void* src, float* dst, int64_t elements) {
  const auto* blocks = static_cast<const Block*>(src);
  for (int64_t i = 0; i < elements / kQuantBlock; ++i) Expand(blocks[i], dst + i * kQuantBlock);
}

template <typename Block>
void RoundRow(const float* src, void* dst, int64_t elements) {
  auto* blocks = static_cast<Block*>(dst);
  for (int64_t i = 0; i < elements / kQuantBlock; ++i) Round(src + i * kQuantBlock, &blocks[i]);
}

}  // namespace

void DequantiseRow(DType type, const void* src, float* dst, int64_t elements) {
  switch (type) {
    case DType::kF32: std::copy_n(static_cast<const float*>(src), elements, dst); return;
    case DType::kF16:
      std::transform(static_cast<const uint16_t*>(src), static_cast<const uint16_t*>(src) + elements, dst, HalfToFloat);
      return;
    case DType::kBF16:
      std::transform(static_cast<const uint16_t*>(src), static_cast<const uint16_t*>(src) + elements, dst,
                     BFloat16ToFloat);
      return;
    case DType::kQ8_0: return ExpandRow<BlockQ8_0>(src, dst, elements);
    case DType::kQ4_0: return ExpandRow<BlockQ4_0>(src, dst, elements);
    case DType::kQ4_1: return ExpandRow<BlockQ4_1>(src, dst, elements);
    case DType::kI32:
      std::transform(static_cast<const int32_t*>(src), static_cast<const int32_t*>(src) + elements, dst,
                     [](int32_t v) { return static_cast<float>(v); });
      return;
  }
}

void QuantiseRow(DType type, const float* src, void* dst, int64_t elements) {
  switch (type) {
    case DType::kF32: std::copy_n(src, elements, static_cast<float*>(dst)); return;
    case DType::kF16: std::transform(src, src + elements, static_cast<uint16_t*>(dst), FloatToHalf); return;
    case DType::kBF16: std::transform(src, src + elements, static_cast<uint16_t*>(dst), FloatToBFloat16); return;
    case DType::kQ8_0: return RoundRow<BlockQ8_0>(src, dst, elements);
    case DType::kQ4_0: return RoundRow<BlockQ4_0>(src, dst, elements);
    case DType::kQ4_1: return RoundRow<BlockQ4_1>(src, dst, elements);
    case DType::kI32:
      std::transform(src, src + elements, static_cast<int32_t*>(dst), [](float v) { return static_cast<int32_t>(v); });
      return;
  }
}

}  // namespace retort
