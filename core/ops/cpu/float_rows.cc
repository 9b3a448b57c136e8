#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/float_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/ops/cpu/float_tile-inl.h"
#include "core/ops/cpu/matmul_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

void ResizeFloatRowsTarget(int64_t t, int64_t k, FloatRows* rows) {
  rows->tiles = RowTiles(t, kFloatTileRows);
  if (t > 1) rows->values.resize(static_cast<size_t>(t * k));
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(ResizeFloatRowsTarget);

void ResizeFloatRows(int64_t t, int64_t k, FloatRows* rows) { HWY_DYNAMIC_DISPATCH(ResizeFloatRowsTarget)(t, k, rows); }

void PackFloatRows(const float* x, int64_t k, int64_t begin, int64_t end, FloatRows* rows) {
  if (rows->tiles.rows() == 1) return;
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t first = rows->tiles.Begin(tile);
    const int count = rows->tiles.Size(tile);
    float* const to = rows->values.data() + first * k;
    const float* const from = x + first * k;
    constexpr int64_t kStrip = 16;  // inputs whose places stay in the first-level cache
    for (int64_t strip = 0; strip < k; strip += kStrip) {
      for (int r = 0; r < count; ++r) {
        for (int64_t i = strip; i < std::min(strip + kStrip, k); ++i) to[i * count + r] = from[r * k + i];
      }
    }
  }
}
}  // namespace retort::cpu
#endif
