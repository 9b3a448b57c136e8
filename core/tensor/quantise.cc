// Reference quantisation of blocks of 32, scalar: the formulas and roundings of llama.cpp's reference quantisers, so
// that a file written by one is read alike by the other.
#include <algorithm>
#include <cmath>

#include "core/tensor/quantise_k.h"

namespace retort {
namespace {

void Round(const float* x, BlockQ8_0* b) {
  float largest = 0;
  for (int i = 0; i < kQuantBlock; ++i) largest = std::max(largest, std::fabs(x[i]));
  const float d = largest / 127;
  const float inverse = d != 0 ? 1 / d : 0;
  b->d = FloatToHalf(d);
  for (int i = 0; i < kQuantBlock; ++i) b->q[i] = static_cast<int8_t>(std::round(x[i] * inverse));
}

void PutIntegers(const int (&q)[kQuantBlock], uint8_t (&nibbles)[16]) {
  for (int i = 0; i < 16; ++i) nibbles[i] = static_cast<uint8_t>((q[i] & 15) | (q[i + 16] & 15) << 4);
}
void PutIntegers(const int (&q)[kQuantBlock], uint8_t (&nibbles)[16], uint8_t (&high)[4]) {
  PutIntegers(q, nibbles);
  std::fill_n(high, 4, uint8_t{0});
  for (int i = 0; i < kQuantBlock; ++i) high[i / 8] = static_cast<uint8_t>(high[i / 8] | (q[i] >> 4) << (i % 8));
}

/// Integers 0 to 2 * kCentre - 1 for multiples of the result, the value of largest magnitude at the end that has one
/// level more.
template <int kCentre>
float RoundCentred(const float* x, int (&q)[kQuantBlock]) {
  float largest = 0, extreme = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    if (std::fabs(x[i]) > largest) {
      largest = std::fabs(x[i]);
      extreme = x[i];
    }
  }
  const float d = extreme / -kCentre;
  const float inverse = d != 0 ? 1 / d : 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    q[i] = std::min(2 * kCentre - 1, static_cast<int>(static_cast<int8_t>(x[i] * inverse + (kCentre + 0.5f))));
  }
  return d;
}
void Round(const float* x, BlockQ4_0* b) {
  int q[kQuantBlock];
  b->d = FloatToHalf(RoundCentred<8>(x, q));
  PutIntegers(q, b->q);
}
void Round(const float* x, BlockQ5_0* b) {
  int q[kQuantBlock];
  b->d = FloatToHalf(RoundCentred<16>(x, q));
  PutIntegers(q, b->q, b->high);
}

/// Integers 0 to kTop and the block's d and m.
template <int kTop, typename Block>
void RoundOffset(const float* x, Block* b, int (&q)[kQuantBlock]) {
  const auto range = std::minmax_element(x, x + kQuantBlock);
  const float low = *range.first;
  const float d = (*range.second - low) / kTop;
  const float inverse = d != 0 ? 1 / d : 0;
  b->d = FloatToHalf(d);
  b->m = FloatToHalf(low);
  for (int i = 0; i < kQuantBlock; ++i) {
    const float rounded = (x[i] - low) * inverse + 0.5f;
    q[i] = std::min(kTop, static_cast<int>(static_cast<int8_t>(rounded)));  // NOLINT(bugprone-incorrect-roundings)
  }
}
void Round(const float* x, BlockQ4_1* b) {
  int q[kQuantBlock];
  RoundOffset<15>(x, b, q);
  PutIntegers(q, b->q);
}
void Round(const float* x, BlockQ5_1* b) {
  int q[kQuantBlock];
  RoundOffset<31>(x, b, q);
  PutIntegers(q, b->q, b->high);
}

template <DType kType>
void RoundRow(const float* src, void* dst, int64_t elements) {
  const int size = DTypeBlockElements(kType);
  auto* blocks = static_cast<typename BlockOf<kType>::Type*>(dst);
  for (int64_t i = 0; i < elements / size; ++i) Round(src + i * size, &blocks[i]);
}

}  // namespace

void QuantiseRow(DType type, const float* src, void* dst, int64_t elements) {
  switch (type) {
    case DType::kF32: std::copy_n(src, elements, static_cast<float*>(dst)); return;
    case DType::kF16: std::transform(src, src + elements, static_cast<uint16_t*>(dst), FloatToHalf); return;
    case DType::kBF16: std::transform(src, src + elements, static_cast<uint16_t*>(dst), FloatToBFloat16); return;
    case DType::kQ8_0: return RoundRow<DType::kQ8_0>(src, dst, elements);
    case DType::kQ4_0: return RoundRow<DType::kQ4_0>(src, dst, elements);
    case DType::kQ4_1: return RoundRow<DType::kQ4_1>(src, dst, elements);
    case DType::kQ5_0: return RoundRow<DType::kQ5_0>(src, dst, elements);
    case DType::kQ5_1: return RoundRow<DType::kQ5_1>(src, dst, elements);
    case DType::kQ4_K: return RoundRow<DType::kQ4_K>(src, dst, elements);
    case DType::kQ5_K: return RoundRow<DType::kQ5_K>(src, dst, elements);
    case DType::kQ6_K: return RoundRow<DType::kQ6_K>(src, dst, elements);
    case DType::kI32:
      std::transform(src, src + elements, static_cast<int32_t*>(dst), [](float v) { return static_cast<int32_t>(v); });
      return;
  }
}

}  // namespace retort
