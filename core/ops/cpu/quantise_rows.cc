#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/quantise_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/quantised_format-inl.h"
#include "core/ops/cpu/row_source-inl.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// A block's integers, in [-kLevels, kLevels], and its scale. `sums`: those of each half of them where `halves` is 2,
/// else that of all.
#if HWY_TARGET == HWY_SCALAR

template <int kLevels, typename T>
float QuantiseBlock(const float* values, int halves, T* q, int32_t (&sums)[2]) {
  float top = 0;
  for (int i = 0; i < kQuantBlock; ++i) top = std::max(top, std::fabs(values[i]));
  const float inverse = top > 0 ? kLevels / top : 0;
  sums[0] = sums[1] = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    q[i] = static_cast<T>(std::nearbyint(values[i] * inverse));
    sums[halves == 2 ? i / 16 : 0] += q[i];
  }
  return top / kLevels;
}

#else

template <int kLevels, typename T>
HWY_INLINE float QuantiseBlock(const float* values, int halves, T* q, int32_t (&sums)[2]) {
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
  if (halves == 1) {
    sums[0] = hn::GetLane(hn::SumOfLanes(di, hn::Add(total[0], total[1])));
  } else {
    for (int half : {0, 1}) sums[half] = hn::GetLane(hn::SumOfLanes(di, total[half]));
  }
  return top / kLevels;
}

#endif  // HWY_TARGET == HWY_SCALAR

/// Blocks [begin, end) of the rows of one tile. Together, since rows lie side by side there: a cache line of it has
/// all of them, and two threads that wrote to one would hand it to and fro.
template <int kLevels, typename T>
HWY_ATTR void QuantiseTile(const RowSource& source, DType weights, int64_t k, int64_t tile, int64_t begin, int64_t end,
                           QuantisedRows* out) {
  const int64_t blocks = k / kQuantBlock, first = out->tiles.Begin(tile);
  const int rows = out->tiles.Size(tile), halves = Halves(weights), centre = Centre(weights);
  const bool has_minimum = HasMinimum(weights);
  RowReader readers[kQuantisedTileRows];
  for (int row = 0; row < rows; ++row) readers[row] = RowReader(source, first + row, k);
  for (int64_t block = begin; block < end; ++block) {
    T* const q = reinterpret_cast<T*>(out->q.data()) + first * k + block * kQuantBlock * rows;
    const auto at = static_cast<size_t>(first * blocks + block * rows);
    for (int row = 0; row < rows; ++row) {
      float made[kQuantBlock];
      const float* const values = readers[row].Get(block * kQuantBlock, kQuantBlock, made);
      T integers[kQuantBlock];
      int32_t sums[2] = {};
      const float scale = QuantiseBlock<kLevels>(values, halves, integers, sums);
      const size_t place = at + static_cast<size_t>(row);
      out->scale[place] = scale;
      if (has_minimum) {
        out->total[place] = scale * static_cast<float>(sums[0]);
      } else if (halves == 1) {
        out->start[place] = -centre * sums[0];
      } else {
        int32_t* const start = out->start.data() + at * 2 + row;
        start[0] = -centre * sums[0];
        start[rows] = -centre * sums[1];
      }
      if constexpr (sizeof(T) == 2) {
        for (int i = 0; i < kQuantBlock; i += 4) std::swap(integers[i + 1], integers[i + 2]);
      }
      for (int i = 0; i < kQuantBlock; i += 4) std::memcpy(q + i * rows + row * 4, integers + i, 4 * sizeof(T));
    }
  }
}

HWY_ATTR void QuantiseRowsTarget(const RowSource& source, DType weights, int64_t k, int64_t begin, int64_t end,
                                 QuantisedRows* out) {
  const int64_t blocks = k / kQuantBlock;
  for (int64_t piece = begin; piece < end;) {
    const int64_t tile = piece / kTilePieces, first = tile * kTilePieces;
    const int64_t last = std::min(end, first + kTilePieces);  // pieces of one tile at once
    const int64_t from = blocks * (piece - first) / kTilePieces, to = blocks * (last - first) / kTilePieces;
    piece = last;
    if (WideActivations(weights)) {
      QuantiseTile<32767, int16_t>(source, weights, k, tile, from, to, out);
    } else {
      QuantiseTile<127, int8_t>(source, weights, k, tile, from, to, out);
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
void QuantiseRows(const RowSource& source, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* rows) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowsTarget)(source, weights, k, begin, end, rows);
}
}  // namespace retort::cpu
#endif
