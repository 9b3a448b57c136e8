// Per-target: 32 weights of any type as float vectors. Included once per Highway target.
#if defined(RETORT_WEIGHT_BLOCK_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_WEIGHT_BLOCK_INL
#undef RETORT_WEIGHT_BLOCK_INL
#else
#define RETORT_WEIGHT_BLOCK_INL
#endif

#include <hwy/highway.h>

#include <cstring>
#include <type_traits>

#include "core/tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, so that a block of 32 is a whole number (at least two) of vectors.
using F32 = hn::CappedTag<float, 16>;
using VF = hn::Vec<F32>;

inline HWY_ATTR float Half(uint16_t h) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  return HalfToFloat(h);
#else
  const hn::CappedTag<float, 4> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> dh;
  const hn::RebindToUnsigned<decltype(dh)> du;
  return hn::GetLane(hn::PromoteTo(d, hn::BitCast(dh, hn::Set(du, h))));
#endif
}

using VI = hn::Vec<hn::RebindToSigned<F32>>;

/// (bytes[i] >> shift) & mask for each lane i.
inline HWY_ATTR VI Field(const uint8_t* bytes, int shift, int mask) {
  const hn::RebindToSigned<F32> di;
  const hn::Rebind<uint8_t, F32> db;
  return hn::And(hn::ShiftRightSame(hn::PromoteTo(di, hn::LoadU(db, bytes)), shift), hn::Set(di, mask));
}
/// The integers of elements [32 * part + offset, + Lanes) of a block.
template <typename Block>
HWY_ATTR VI Integers(const Block& b, int part, size_t offset) {
  if constexpr (std::is_same_v<Block, BlockQ6_K>) {
    const VI high = Field(b.high + part / 4 * 32 + offset, part % 4 * 2, 3);
    return hn::Or(Field(b.q + part / 4 * 64 + part % 2 * 32 + offset, part / 2 % 2 * 4, 15), hn::ShiftLeft<4>(high));
  } else if constexpr (requires { b.scales; }) {
    const VI low = Field(b.q + part / 2 * 32 + offset, part % 2 * 4, 15);
    if constexpr (requires { b.high; }) return hn::Or(low, hn::ShiftLeft<4>(Field(b.high + offset, part, 1)));
    return low;
  } else {
    const VI low = Field(b.q + offset % 16, static_cast<int>(offset / 16) * 4, 15);
    if constexpr (requires { b.high; }) {
      const hn::RebindToUnsigned<F32> du;
      uint32_t bits;
      std::memcpy(&bits, b.high, sizeof bits);
      const auto high = hn::Shr(hn::Set(du, bits), hn::Iota(du, static_cast<uint32_t>(offset)));
      return hn::Or(low, hn::BitCast(hn::RebindToSigned<F32>(), hn::ShiftLeft<4>(hn::And(high, hn::Set(du, 1)))));
    }
    return low;
  }
}

/// Elements [32 * block + offset, + Lanes) of a weight row; offset is a multiple of the lanes. This one serves the
/// quantised types of up to six bits.
template <DType kType>
struct WeightRow {
  using Block = typename BlockOf<kType>::Type;
  static constexpr int64_t kParts = requires(Block b) { b.scales; }
  ? 8 : 1;
  explicit WeightRow(const void* row) : p(static_cast<const Block*>(row)) {}
  HWY_ATTR void Begin(int64_t block) {
    at = p + block / kParts;
    part = static_cast<int>(block % kParts);
    const float scale = Half(at->d);
    for (const int half : {0, 1}) {
      if constexpr (kType == DType::kQ6_K) {
        d[half] = scale * static_cast<float>(at->scales[part * 2 + half]);
        m[half] = -32 * d[half];
      } else if constexpr (kParts > 1) {
        d[half] = scale * static_cast<float>(KScale(at->scales, part));
        m[half] = -(Half(at->dmin) * static_cast<float>(KMin(at->scales, part)));
      } else {
        d[half] = scale;
        m[half] = LowestOf(*at, scale);
      }
    }
  }
  HWY_ATTR VF Load(size_t offset) const {
    const VF q = hn::ConvertTo(F32(), Integers(*at, part, offset));
    return hn::MulAdd(q, hn::Set(F32(), d[offset / 16]), hn::Set(F32(), m[offset / 16]));
  }
  static HWY_ATTR float LowestOf(const Block& b, float scale) {
    if constexpr (requires { b.m; }) return Half(b.m);
    return scale * (kType == DType::kQ4_0 ? -8.0f : -16.0f);
  }
  const Block* p;
  const Block* at = nullptr;
  int part = 0;
  float d[2] = {}, m[2] = {};  // w = d * q + m, for the first 16 elements of a block of 32 and for the last
};

template <>
struct WeightRow<DType::kF32> {
  explicit WeightRow(const void* row) : p(static_cast<const float*>(row)) {}
  HWY_ATTR void Begin(int64_t block) { at = p + block * 32; }
  HWY_ATTR VF Load(size_t offset) const { return hn::LoadU(F32(), at + offset); }
  const float* p;
  const float* at = nullptr;
};

template <>
struct WeightRow<DType::kF16> {
  explicit WeightRow(const void* row) : p(static_cast<const hwy::float16_t*>(row)) {}
  HWY_ATTR void Begin(int64_t block) { at = p + block * 32; }
  HWY_ATTR VF Load(size_t offset) const {
    const hn::Rebind<hwy::float16_t, F32> dh;
    return hn::PromoteTo(F32(), hn::LoadU(dh, at + offset));
  }
  const hwy::float16_t* p;
  const hwy::float16_t* at = nullptr;
};

template <>
struct WeightRow<DType::kBF16> {
  explicit WeightRow(const void* row) : p(static_cast<const uint16_t*>(row)) {}
  HWY_ATTR void Begin(int64_t block) { at = p + block * 32; }
  HWY_ATTR VF Load(size_t offset) const {
    const hn::RebindToUnsigned<F32> du;
    const hn::Rebind<uint16_t, F32> dh;
    return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(dh, at + offset))));
  }
  const uint16_t* p;
  const uint16_t* at = nullptr;
};

template <>
struct WeightRow<DType::kQ8_0> {
  explicit WeightRow(const void* row) : p(static_cast<const BlockQ8_0*>(row)) {}
  HWY_ATTR void Begin(int64_t block) {
    at = p + block;
    d = Half(at->d);
  }
  HWY_ATTR VF Load(size_t offset) const {
    const hn::RebindToSigned<F32> di;
    const hn::Rebind<int8_t, F32> db;
    return hn::Mul(hn::Set(F32(), d), hn::ConvertTo(F32(), hn::PromoteTo(di, hn::LoadU(db, at->q + offset))));
  }
  const BlockQ8_0* p;
  const BlockQ8_0* at = nullptr;
  float d = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_WEIGHT_BLOCK_INL
