// Per-target: the tile of the float kernel. Included once per Highway target.
#if defined(RETORT_FLOAT_TILE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_FLOAT_TILE_INL
#undef RETORT_FLOAT_TILE_INL
#else
#define RETORT_FLOAT_TILE_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// Rows of a tile, by how many vectors of outputs: 24 sums of 32 registers, or 12 of 16. Where vectors are narrower,
/// more of them, so that what few rows read of a group is whole cache lines.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr int kFloatTileRows = 12, kFloatTileVectors = 2;
#else
inline constexpr int kFloatTileRows = 3, kFloatTileVectors = 4;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_FLOAT_TILE_INL
