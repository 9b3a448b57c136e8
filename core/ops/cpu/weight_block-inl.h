// Per-target: 32 weights of any type as float vectors. Included once per Highway target.
#if defined(RETORT_WEIGHT_BLOCK_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_WEIGHT_BLOCK_INL
#undef RETORT_WEIGHT_BLOCK_INL
#else
#define RETORT_WEIGHT_BLOCK_INL
#endif

#include <hwy/highway.h>

#include "core/tensor/dtype.h"

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

/// Elements [32 * block + offset, + Lanes) of a weight row; offset is a multiple of the lanes.
template <DType kType>
struct WeightRow;

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

/// The nibbles at [offset, + Lanes) of a 4-bit block as 32-bit integers.
inline HWY_ATTR hn::Vec<hn::RebindToSigned<F32>> Nibbles(const uint8_t* q, size_t offset) {
  const hn::RebindToSigned<F32> di;
  const hn::Rebind<uint8_t, F32> db;
  const auto bytes = hn::PromoteTo(di, hn::LoadU(db, q + offset % 16));
  return offset < 16 ? hn::And(bytes, hn::Set(di, 15)) : hn::ShiftRight<4>(bytes);
}

template <>
struct WeightRow<DType::kQ4_0> {
  explicit WeightRow(const void* row) : p(static_cast<const BlockQ4_0*>(row)) {}
  HWY_ATTR void Begin(int64_t block) {
    at = p + block;
    d = Half(at->d);
  }
  HWY_ATTR VF Load(size_t offset) const {
    const hn::RebindToSigned<F32> di;
    return hn::Mul(hn::Set(F32(), d), hn::ConvertTo(F32(), hn::Sub(Nibbles(at->q, offset), hn::Set(di, 8))));
  }
  const BlockQ4_0* p;
  const BlockQ4_0* at = nullptr;
  float d = 0;
};

template <>
struct WeightRow<DType::kQ4_1> {
  explicit WeightRow(const void* row) : p(static_cast<const BlockQ4_1*>(row)) {}
  HWY_ATTR void Begin(int64_t block) {
    at = p + block;
    d = Half(at->d);
    m = Half(at->m);
  }
  HWY_ATTR VF Load(size_t offset) const {
    return hn::MulAdd(hn::Set(F32(), d), hn::ConvertTo(F32(), Nibbles(at->q, offset)), hn::Set(F32(), m));
  }
  const BlockQ4_1* p;
  const BlockQ4_1* at = nullptr;
  float d = 0, m = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_WEIGHT_BLOCK_INL
