#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/quantise_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/quantise_block-inl.h"
#include "core/ops/cpu/quantised_format-inl.h"
#include "core/ops/cpu/row_source-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

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
