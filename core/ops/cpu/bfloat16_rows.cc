#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/bfloat16_rows.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/ops/cpu/bfloat16.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/group_reader-inl.h"
#include "core/ops/cpu/lanes-inl.h"
#include "core/ops/cpu/row_source-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL  // no processor with a matrix unit has less

/// Sixteen floats of each as bfloat16, rounded to even: those of `low`, then those of `high`.
HWY_INLINE __m512i ToBFloat16(VF low, VF high) {
  // As an instruction, since Highway 1.0 compiles this target without the feature that the intrinsic asks for.
  __m512i words;
  __asm__("vcvtne2ps2bf16 %2, %1, %0" : "=v"(words) : "v"(high.raw), "v"(low.raw));
  return words;
}

HWY_ATTR void PackBFloat16RowsTarget(const RowSource& source, int64_t k, int64_t begin, int64_t end,
                                     BFloat16Rows* rows) {
  static_assert(kLanes == 16);
  for (int64_t row = begin; row < end; ++row) {
    const RowReader reader(source, row, k);
    uint16_t* to = rows->values.data() + (row / 16 * rows->blocks * 16 + row % 16) * kTileInputs;
    for (int64_t block = 0; block < rows->blocks; ++block, to += 16 * kTileInputs) {
      float made[kTileInputs];
      const int64_t count = std::min(k - block * kTileInputs, kTileInputs);
      const float* values = reader.Get(block * kTileInputs, count, made);
      if (count < kTileInputs) {
        if (values != made) std::copy_n(values, count, made);
        std::fill(made + count, made + kTileInputs, 0.0f);
        values = made;
      }
      _mm512_storeu_si512(to, ToBFloat16(hn::LoadU(F32(), values), hn::LoadU(F32(), values + kLanes)));
    }
  }
}

/// An input of sixteen outputs and the one after it, as pairs.
HWY_INLINE void StorePairs(VF even, VF odd, __m512i order, uint16_t* to) {
  _mm512_storeu_si512(to, _mm512_permutexvar_epi16(order, ToBFloat16(even, odd)));
}

/// How far ahead weights are asked for, in bytes: alone the processor of the day read half floats at half the speed.
constexpr size_t kAhead = 3072;

/// Inputs [begin, end) of a group's sixteen outputs from `lane` on.
template <DType kType>
HWY_ATTR void FillHalf(const std::byte* group, size_t lane, int64_t k, int64_t begin, int64_t end, uint16_t* to) {
  alignas(64) uint16_t places[32];
  for (uint16_t i = 0; i < 32; ++i) places[i] = static_cast<uint16_t>(i / 2 + i % 2 * 16);
  const __m512i order = _mm512_load_si512(places);
  using Reader = GroupReader<kType>;
  Reader reader(group, lane);
  constexpr int kStep = Reader::kInputs;
  for (int64_t block = begin; block < end; ++block, to += kPanelBlock) {
    if constexpr (kStep > 1) {
      static_assert(kStep == kTileInputs);
      reader.Begin(block);
      Unroll<kStep / 2>([&](auto pair) RETORT_INLINE {
        constexpr int kPair = decltype(pair)::value;
        StorePairs(reader.template Load<2 * kPair>(), reader.template Load<2 * kPair + 1>(), order, to + kPair * 32);
      });
    } else {
      const auto load = [&](int64_t input) RETORT_INLINE {
        if (input >= k) return hn::Zero(F32());
        reader.Begin(input);
        return reader.template Load<0>();
      };
      for (int64_t pair = 0; pair < kTileInputs / 2; ++pair) {
        const int64_t input = block * kTileInputs + pair * 2;
        if (lane == 0) {
          const std::byte* const ahead = group + static_cast<size_t>(input) * Reader::kBytes + kAhead;
          for (size_t byte = 0; byte < 2 * Reader::kBytes; byte += 64) hwy::Prefetch(ahead + byte);
        }
        StorePairs(load(input), load(input + 1), order, to + pair * 32);
      }
    }
  }
}

template <DType kType>
HWY_ATTR void Fill(const GroupedWeight& w, int64_t unit, int64_t begin, int64_t end, uint16_t* panel) {
  constexpr int64_t kHalf = kPanelBlock / 2;
  if constexpr (GroupReader<kType>::kInputs == 1) {
    for (size_t half : {0, 1}) {
      FillHalf<kType>(w.Group(unit), half * kLanes, w.k, begin, end, panel + static_cast<int64_t>(half) * kHalf);
    }
  } else {
    for (int64_t group = unit * 2; group < std::min(unit * 2 + 2, w.group_count()); ++group, panel += kHalf) {
      FillHalf<kType>(w.Group(group), 0, w.k, begin, end, panel);
    }
  }
}

HWY_ATTR void FillBFloat16PanelTarget(const GroupedWeight& w, int64_t unit, int64_t begin, int64_t end,
                                      uint16_t* panel) {
  switch (w.type) {
    case DType::kF32: return Fill<DType::kF32>(w, unit, begin, end, panel);
    case DType::kF16: return Fill<DType::kF16>(w, unit, begin, end, panel);
    case DType::kBF16: return Fill<DType::kBF16>(w, unit, begin, end, panel);
    case DType::kQ8_0: return Fill<DType::kQ8_0>(w, unit, begin, end, panel);
    case DType::kQ4_0: return Fill<DType::kQ4_0>(w, unit, begin, end, panel);
    case DType::kQ4_1: return Fill<DType::kQ4_1>(w, unit, begin, end, panel);
    case DType::kQ5_0: return Fill<DType::kQ5_0>(w, unit, begin, end, panel);
    case DType::kQ5_1: return Fill<DType::kQ5_1>(w, unit, begin, end, panel);
    case DType::kQ4_K: return Fill<DType::kQ4_K>(w, unit, begin, end, panel);
    case DType::kQ5_K: return Fill<DType::kQ5_K>(w, unit, begin, end, panel);
    case DType::kQ6_K: return Fill<DType::kQ6_K>(w, unit, begin, end, panel);
    case DType::kI32: return;
  }
}

#else  // never called

void PackBFloat16RowsTarget(const RowSource&, int64_t, int64_t, int64_t, BFloat16Rows*) {}
void FillBFloat16PanelTarget(const GroupedWeight&, int64_t, int64_t, int64_t, uint16_t*) {}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(PackBFloat16RowsTarget);
HWY_EXPORT(FillBFloat16PanelTarget);

void ResizeBFloat16Rows(int64_t t, int64_t k, BFloat16Rows* rows) {
  rows->rows = t;
  rows->blocks = TileBlocks(k);
  rows->values.resize(static_cast<size_t>(rows->tiles() * rows->blocks * 16 * kTileInputs));
}
void PackBFloat16Rows(const RowSource& source, int64_t k, int64_t begin, int64_t end, BFloat16Rows* rows) {
  HWY_DYNAMIC_DISPATCH(PackBFloat16RowsTarget)(source, k, begin, end, rows);
}
void FillBFloat16Panel(const GroupedWeight& w, int64_t unit, int64_t begin, int64_t end, uint16_t* panel) {
  HWY_DYNAMIC_DISPATCH(FillBFloat16PanelTarget)(w, unit, begin, end, panel);
}
}  // namespace retort::cpu
#endif
