#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/quantise_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/quantised_format-inl.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// A block's integers, in [-kLevels, kLevels], the sums of each half of them, and its scale.
#if HWY_TARGET == HWY_SCALAR

template <int kLevels, typename T>
float QuantiseBlock(const float* values, T* q, int32_t (&sums)[2]) {
  float top = 0;
  for (int i = 0; i < kQuantBlock; ++i) top = std::max(top, std::fabs(values[i]));
  const float inverse = top > 0 ? kLevels / top : 0;
  sums[0] = sums[1] = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    q[i] = static_cast<T>(std::nearbyint(values[i] * inverse));
    sums[i / 16] += q[i];
  }
  return top / kLevels;
}

#else

template <int kLevels, typename T>
HWY_INLINE float QuantiseBlock(const float* values, T* q, int32_t (&sums)[2]) {
  const F32 d;
  const I32 di;
  const hn::Rebind<T, F32> dt;
  constexpr int kVectors = kQuantBlock / static_cast<int>(kLanes);
  VF value[kVectors];
  Unroll<kVectors>([&](auto i) RETORT_INLINE { value[i] = hn::LoadU(d, values + i * kLanes); });
  VF largest = hn::Abs(value[0]);
  Unroll<kVectors - 1>([&](auto i) RETORT_INLINE { largest = hn::Max(largest, hn::Abs(value[i + 1])); });
  const float top = hn::GetLane(hn::MaxOfLanes(d, largest));
  const VF inverse = hn::Set(d, top > 0 ? kLevels / top : 0);
  VI total[2];
  Unroll<kVectors>([&](auto i) RETORT_INLINE {
    constexpr int kHalf = i / (kVectors / 2);
    const VI rounded = hn::NearestInt(hn::Mul(value[i], inverse));
    total[kHalf] = i % (kVectors / 2) == 0 ? rounded : hn::Add(total[kHalf], rounded);
    hn::StoreU(hn::DemoteTo(dt, rounded), dt, q + i * kLanes);
  });
  for (int half : {0, 1}) sums[half] = hn::GetLane(hn::SumOfLanes(di, total[half]));
  return top / kLevels;
}

#endif  // HWY_TARGET == HWY_SCALAR

/// One row of a tile of `rows`, whose place in the arrays is that of row `first` there and `column` within the tile.
template <int kLevels, typename T>
HWY_ATTR void QuantiseRow(const float* x, DType weights, int64_t k, int64_t first, int rows, int column,
                          QuantisedRows* out) {
  const int64_t blocks = k / kQuantBlock;
  const int halves = Halves(weights), centre = Centre(weights);
  T* q = reinterpret_cast<T*>(out->q.data()) + first * k + column * 4;
  float* scale = out->scale.data() + first * blocks + column;
  float* total = out->total.data() + first * blocks + column;
  int32_t* start = out->start.data() + first * blocks * halves + column;
  for (int64_t block = 0; block < blocks; ++block, x += kQuantBlock, scale += rows, q += kQuantBlock * rows) {
    T integers[kQuantBlock];
    int32_t sums[2];
    *scale = QuantiseBlock<kLevels>(x, integers, sums);
    if (HasMinimum(weights)) {
      *total = *scale * static_cast<float>(sums[0] + sums[1]);
      total += rows;
    } else if (halves == 1) {
      *start = -centre * (sums[0] + sums[1]);
      start += rows;
    } else {
      start[0] = -centre * sums[0];
      start[rows] = -centre * sums[1];
      start += 2 * rows;
    }
    if constexpr (sizeof(T) == 2) {
      for (int i = 0; i < kQuantBlock; i += 4) std::swap(integers[i + 1], integers[i + 2]);
    }
    for (int i = 0; i < kQuantBlock; i += 4) std::memcpy(q + i * rows, integers + i, 4 * sizeof(T));
  }
}

HWY_ATTR void QuantiseRowsTarget(const float* x, DType weights, int64_t k, int64_t begin, int64_t end,
                                 QuantisedRows* out) {
  const RowTiles& tiles = out->tiles;
  int64_t tile = begin * tiles.count() / tiles.rows();
  for (int64_t row = begin; row < end; ++row) {
    while (row >= tiles.Begin(tile + 1)) ++tile;
    const int64_t first = tiles.Begin(tile);
    const int rows = tiles.Size(tile), column = static_cast<int>(row - first);
    if (WideActivations(weights)) {
      QuantiseRow<32767, int16_t>(x + row * k, weights, k, first, rows, column, out);
    } else {
      QuantiseRow<127, int8_t>(x + row * k, weights, k, first, rows, column, out);
    }
  }
}

bool HasByteDotTarget() { return kHasByteDot; }

void ResizeQuantisedRowsTarget(DType weights, int64_t t, int64_t k, QuantisedRows* out) {
  out->tiles = RowTiles(t, kQuantisedTileRows);
  const auto elements = static_cast<size_t>(t * k);
  out->q.resize(elements * (WideActivations(weights) ? sizeof(int16_t) : sizeof(int8_t)));
  out->scale.resize(elements / kQuantBlock);
  if (HasMinimum(weights)) {
    out->total.resize(elements / kQuantBlock);
  } else {
    out->start.resize(elements / kQuantBlock * static_cast<size_t>(Halves(weights)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(QuantiseRowsTarget);
HWY_EXPORT(ResizeQuantisedRowsTarget);
HWY_EXPORT(HasByteDotTarget);

bool HasByteDot() { return HWY_DYNAMIC_DISPATCH(HasByteDotTarget)(); }

void ResizeQuantisedRows(DType weights, int64_t t, int64_t k, QuantisedRows* rows) {
  HWY_DYNAMIC_DISPATCH(ResizeQuantisedRowsTarget)(weights, t, k, rows);
}
void QuantiseRows(const float* x, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* rows) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowsTarget)(x, weights, k, begin, end, rows);
}
}  // namespace retort::cpu
#endif
