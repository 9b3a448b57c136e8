// Per-target: where the integer kernel takes a block's weights from: the packed group itself, or a panel that holds it
// unpacked, which pays as soon as several rows use it. Included once per Highway target.
#if defined(RETORT_QUANTISED_SOURCES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_QUANTISED_SOURCES_INL
#undef RETORT_QUANTISED_SOURCES_INL
#else
#define RETORT_QUANTISED_SOURCES_INL
#endif

#include <hwy/cache_control.h>

#include "core/ops/cpu/group_parts-inl.h"
#include "core/ops/cpu/quantised_format-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// What the kernel must know of a weight type at compile time.
template <int kTop, int kParts, bool kMinimum>
struct Traits {
  static constexpr int kLevels = kTop;    // the largest integer
  static constexpr int kHalves = kParts;  // parts of a block that have a factor of their own
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr bool kWide = kTop == 255 && !kHasByteDot;  // bytes that meet 16-bit activations
};
constexpr int Levels(DType weights) {
  if (kHasByteDot) return 255;  // the others need no care then
  switch (weights) {
    case DType::kQ8_0: return 255;
    case DType::kQ6_K: return 63;
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ5_K: return 31;
    default: return 15;
  }
}
template <DType kType>
using TraitsOf = Traits<Levels(kType), Halves(kType), HasMinimum(kType)>;

/// Packed weights that are wanted soon, fetched a block's share at a time while others are multiplied.
struct Ahead {
  const std::byte* next = nullptr;  // null: nothing
  template <size_t kBytes>
  HWY_INLINE void Prefetch(int64_t block) const {
    if (next == nullptr) return;
    const std::byte* const at = next + static_cast<size_t>(block) * kBytes;
    for (size_t byte = 0; byte < kBytes; byte += 64) hwy::Prefetch(at + byte);
  }
};

/// A group as it is packed. Begin(block), then Four<i>() gives the bytes of inputs 4 i to 4 i + 3 of the rows from
/// `lane` on.
template <DType kType>
struct GroupSource : TraitsOf<kType> {
  using Group = typename GroupOf<kType>::Type;
  GroupSource(const std::byte* group, size_t first, Ahead next = {})
      : p(reinterpret_cast<const Group*>(group)), lane(first), ahead(next) {}
  HWY_INLINE void Prefetch(int64_t block) const { ahead.template Prefetch<kPartBytes<Group> >(block); }
  HWY_INLINE void Begin(int64_t block) {
    part = &PartAt(p, block);
    if constexpr (kType == DType::kQ8_0) {
      terms.d[0] = LoadHalves(part->d, lane);
    } else {
      LoadTerms(p, block, lane, &terms);
    }
  }
  template <int kFour>
  HWY_INLINE hn::Vec<Dot8> Four() const {
    if constexpr (kType == DType::kQ8_0) {
      return hn::LoadU(Dot8(), part->q[kFour][lane]);
    } else {
      return LoadFour<kFour % 4, kFour / 4>(*part, lane);
    }
  }
  template <int kHalf>
  HWY_INLINE VF Factor() const {
    return terms.d[kHalf];
  }
  HWY_INLINE VF Minimum() const { return terms.m[0]; }

  const Group* p;
  const PartOf<Group>* part = nullptr;
  size_t lane;
  Ahead ahead;
  Terms terms;
};

/// A block of a group, unpacked.
struct alignas(64) PanelBlock {
  uint8_t q[8][kGroupRows][4];
  float terms[2][kGroupRows];  // the factors of both halves, or the factor and the minimum
};

/// A group unpacked by FillPanel, of a type with these traits. The one after it has blocks of kBlockBytes.
template <typename Type, size_t kBlockBytes>
struct PanelSource : Type {
  PanelSource(const PanelBlock* panel, size_t first, Ahead next) : p(panel), lane(first), ahead(next) {}
  HWY_INLINE void Prefetch(int64_t block) const { ahead.template Prefetch<kBlockBytes>(block); }
  HWY_INLINE void Begin(int64_t block) { at = p + block; }
  template <int kFour>
  HWY_INLINE hn::Vec<Dot8> Four() const {
    return hn::Load(Dot8(), at->q[kFour][lane]);
  }
  template <int kHalf>
  HWY_INLINE VF Factor() const {
    return hn::Load(F32(), at->terms[kHalf] + lane);
  }
  HWY_INLINE VF Minimum() const { return hn::Load(F32(), at->terms[1] + lane); }

  const PanelBlock* p;
  const PanelBlock* at = nullptr;
  size_t lane;
  Ahead ahead;
};

template <DType kType>
HWY_ATTR void FillPanel(const std::byte* group, int64_t blocks, PanelBlock* panel) {
  for (size_t lane = 0; lane < kGroupRows; lane += kLanes) {
    GroupSource<kType> source(group, lane);
    for (int64_t block = 0; block < blocks; ++block) {
      source.Begin(block);
      PanelBlock& to = panel[block];
      Unroll<8>([&](auto four) RETORT_INLINE {
        hn::Store(source.template Four<decltype(four)::value>(), Dot8(), to.q[four][lane]);
      });
      hn::Store(source.template Factor<0>(), F32(), to.terms[0] + lane);
      if constexpr (TraitsOf<kType>::kHalves == 2) hn::Store(source.template Factor<1>(), F32(), to.terms[1] + lane);
      if constexpr (TraitsOf<kType>::kHasMinimum) hn::Store(source.Minimum(), F32(), to.terms[1] + lane);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_QUANTISED_SOURCES_INL
