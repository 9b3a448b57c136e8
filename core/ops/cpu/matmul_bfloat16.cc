#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "core/ops/cpu/bfloat16.h"
#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/peak_kernels.h"

#if HWY_ARCH_X86_64
HWY_DIAGNOSTICS(push)
HWY_DIAGNOSTICS_OFF(disable : 4700, ignored "-Wmaybe-uninitialized")  // of undefined lanes, which GCC 12 takes amiss
#include <immintrin.h>
HWY_DIAGNOSTICS(pop)

HWY_PUSH_ATTRIBUTES("avx512f,avx512vl,avx512bw,avx512dq,fma,amx-tile,amx-bf16")
namespace retort::cpu {
namespace {

constexpr int kTileRows = 16;      // rows of activations of a tile
constexpr int kTileOutputs = 16;   // outputs of a tile
constexpr int kTileRowBytes = 64;  // of inputs, for each row or output
constexpr int64_t kTileElements = kTileRows * kTileInputs;

/// What the eight tile registers hold, as LDTILECFG reads it: full tiles.
struct alignas(64) TileShapes {
  constexpr TileShapes() {
    std::fill_n(row_bytes, kRegisters, kTileRowBytes);
    std::fill_n(rows, kRegisters, kTileRows);
  }
  static constexpr int kRegisters = 8;
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);
// A constant, since the intrinsic of GCC 12 tells the compiler of its first bytes only: others could be left unwritten.
constexpr TileShapes kFullTiles;

struct alignas(64) TileSums {
  float tile[4][kTileRows][kTileOutputs];
};

/// Two tiles of rows by the two of a unit.
void MultiplyFour(const uint16_t* x, const uint16_t* next_x, const uint16_t* panel, int64_t blocks) {
  for (int64_t block = 0; block < blocks; ++block) {
    _tile_loadd(4, x + block * kTileElements, kTileRowBytes);
    _tile_loadd(6, panel + block * kPanelBlock, kTileRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, panel + block * kPanelBlock + kPanelBlock / 2, kTileRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, next_x + block * kTileElements, kTileRowBytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

/// One tile of rows: every second block has sums of its own, since one instruction takes as long as several that do not
/// wait for each other.
void MultiplyTwo(const uint16_t* x, const uint16_t* panel, int64_t blocks) {
  for (int64_t block = 0; block < blocks; block += 2) {
    _tile_loadd(4, x + block * kTileElements, kTileRowBytes);
    _tile_loadd(6, panel + block * kPanelBlock, kTileRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, panel + block * kPanelBlock + kPanelBlock / 2, kTileRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    if (block + 1 == blocks) return;
    _tile_loadd(5, x + (block + 1) * kTileElements, kTileRowBytes);
    _tile_loadd(6, panel + (block + 1) * kPanelBlock, kTileRowBytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(7, panel + (block + 1) * kPanelBlock + kPanelBlock / 2, kTileRowBytes);
    _tile_dpbf16ps(3, 5, 7);
  }
}

void ZeroSums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}
void StoreSums(TileSums* sums) {
  constexpr size_t kStride = sizeof sums->tile[0][0];
  _tile_stored(0, sums->tile[0], kStride);
  _tile_stored(1, sums->tile[1], kStride);
  _tile_stored(2, sums->tile[2], kStride);
  _tile_stored(3, sums->tile[3], kStride);
}

/// Write the two halves of a unit's outputs of a tile of rows.
void Write(const MatMulCall& c, const TileSums& sums, int first, bool add_next, int64_t tile, int64_t unit) {
  for (int half = 0; half < 2; ++half) {
    const int64_t output = unit * kFloatGroupRows + half * kTileOutputs;
    if (output >= c.w->n) return;
    const auto exist = static_cast<__mmask16>((1U << std::min<int64_t>(c.w->n - output, kTileOutputs)) - 1);
    for (int64_t r = 0; r < std::min<int64_t>(kTileRows, c.t - tile * kTileRows); ++r) {
      float* const to = c.y + (tile * kTileRows + r) * c.ldy + output;
      __m512 sum = _mm512_load_ps(sums.tile[first + half][r]);
      if (add_next) sum = _mm512_add_ps(sum, _mm512_load_ps(sums.tile[first + 2 + half][r]));
      if (c.accumulate) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(exist, to));
      _mm512_mask_storeu_ps(to, exist, sum);
    }
  }
}

}  // namespace

void BFloat16Peak(int64_t repeats) {
  alignas(64) static const uint16_t zeros[kTileElements] = {};
  _tile_loadconfig(&kFullTiles);
  ZeroSums();
  _tile_loadd(4, zeros, kTileRowBytes);
  _tile_loadd(5, zeros, kTileRowBytes);
  _tile_loadd(6, zeros, kTileRowBytes);
  _tile_loadd(7, zeros, kTileRowBytes);
  for (int64_t i = 0; i < repeats; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
}

void MatMulBFloat16Tiles(const MatMulCall& c, const BFloat16Rows& x, int64_t begin, int64_t end) {
  // With few rows a strip of the panel is used up before it leaves the first-level cache; with more, all of it is made
  // first and stays in the second-level one.
  constexpr int64_t kStripBlocks = 8;
  const int64_t strip = x.tiles() <= 2 ? std::min(kStripBlocks, x.blocks) : x.blocks;
  thread_local std::vector<uint16_t> panel;
  if (panel.size() < static_cast<size_t>(strip * kPanelBlock)) panel.resize(static_cast<size_t>(strip * kPanelBlock));
  TileSums sums;
  _tile_loadconfig(&kFullTiles);
  const auto multiply = [&](int64_t tile, int64_t from, int64_t to) {
    const uint16_t* const rows = x.Tile(tile) + from * kTileElements;
    if (tile + 1 == x.tiles()) return MultiplyTwo(rows, panel.data(), to - from);
    MultiplyFour(rows, x.Tile(tile + 1) + from * kTileElements, panel.data(), to - from);
  };
  for (int64_t unit = begin; unit < end; ++unit) {
    if (strip == x.blocks) FillBFloat16Panel(*c.w, unit, 0, strip, panel.data());
    for (int64_t tile = 0; tile < x.tiles(); tile += 2) {
      ZeroSums();
      if (strip == x.blocks) {
        multiply(tile, 0, strip);
      } else {
        for (int64_t block = 0; block < x.blocks; block += strip) {
          const int64_t block_end = std::min(block + strip, x.blocks);
          FillBFloat16Panel(*c.w, unit, block, block_end, panel.data());
          multiply(tile, block, block_end);
        }
      }
      StoreSums(&sums);
      const bool alone = tile + 1 == x.tiles();
      Write(c, sums, 0, alone, tile, unit);
      if (!alone) Write(c, sums, 2, false, tile + 1, unit);
    }
  }
  _tile_release();
}

}  // namespace retort::cpu
HWY_POP_ATTRIBUTES

#else

namespace retort::cpu {
void MatMulBFloat16Tiles(const MatMulCall&, const BFloat16Rows&, int64_t, int64_t) {}
void BFloat16Peak(int64_t) {}
}  // namespace retort::cpu

#endif

namespace retort::cpu {
double BFloat16PeakOps() { return 4.0 * 2.0 * 16 * 16 * kTileInputs; }
}  // namespace retort::cpu
