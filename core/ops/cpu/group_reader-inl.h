// Per-target: the weights of a group as float vectors, one input at a time. Included once per Highway target.
#if defined(RETORT_GROUP_READER_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_GROUP_READER_INL
#undef RETORT_GROUP_READER_INL
#else
#define RETORT_GROUP_READER_INL
#endif

#include "core/ops/cpu/group_parts-inl.h"
#include "core/ops/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// Begin(step), then Load<i>() gives input step * kInputs + i of the group's rows from `lane` on. A step takes kBytes.
/// This one serves the quantised types of up to six bits.
template <DType kType>
struct GroupReader {
  using Group = typename GroupOf<kType>::Type;
  static constexpr int kInputs = 32;
  static constexpr size_t kBytes = kPartBytes<Group>;
  GroupReader(const void* group, size_t first) : p(static_cast<const Group*>(group)), lane(first) {}
  HWY_INLINE void Begin(int64_t step) {
    part = &PartAt(p, step);
    LoadTerms(p, step, lane, &terms);
  }
  template <int kInput>
  HWY_INLINE VF Load() const {
    constexpr int kHalf = kInput / 16;
    const hn::RebindToUnsigned<F32> du;
    const auto words = hn::BitCast(du, LoadFour<kInput % 16 / 4, kHalf>(*part, lane));
    const auto q = hn::And(hn::ShiftRight<kInput % 4 * 8>(words), hn::Set(du, 63));
    return hn::MulAdd(hn::ConvertTo(F32(), hn::BitCast(I32(), q)), terms.d[kHalf], terms.m[kHalf]);
  }
  const Group* p;
  const PartOf<Group>* part = nullptr;
  size_t lane;
  Terms terms;
};

template <>
struct GroupReader<DType::kF32> {
  static constexpr int kInputs = 1;
  static constexpr size_t kBytes = kFloatGroupRows * sizeof(float);
  GroupReader() = default;
  GroupReader(const void* group, size_t lane) : p(static_cast<const float*>(group) + lane) {}
  HWY_INLINE void Begin(int64_t step) { at = p + step * kFloatGroupRows; }
  template <int kInput>
  HWY_INLINE VF Load() const {
    return hn::LoadU(F32(), at);
  }
  const float* p = nullptr;
  const float* at = nullptr;
};

template <>
struct GroupReader<DType::kF16> {
  static constexpr int kInputs = 1;
  static constexpr size_t kBytes = kFloatGroupRows * sizeof(uint16_t);
  GroupReader() = default;
  GroupReader(const void* group, size_t lane) : p(static_cast<const uint16_t*>(group) + lane) {}
  HWY_INLINE void Begin(int64_t step) { at = p + step * kFloatGroupRows; }
  template <int kInput>
  HWY_INLINE VF Load() const {
    return LoadHalves(at, 0);
  }
  const uint16_t* p = nullptr;
  const uint16_t* at = nullptr;
};

template <>
struct GroupReader<DType::kBF16> {
  static constexpr int kInputs = 1;
  static constexpr size_t kBytes = kFloatGroupRows * sizeof(uint16_t);
  GroupReader() = default;
  GroupReader(const void* group, size_t lane) : p(static_cast<const uint16_t*>(group) + lane) {}
  HWY_INLINE void Begin(int64_t step) { at = p + step * kFloatGroupRows; }
  template <int kInput>
  HWY_INLINE VF Load() const {
    const hn::Rebind<uint16_t, F32> d16;
    const hn::RebindToUnsigned<F32> d32;
    return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, at))));
  }
  const uint16_t* p = nullptr;
  const uint16_t* at = nullptr;
};

template <>
struct GroupReader<DType::kQ8_0> {
  static constexpr int kInputs = 32;
  static constexpr size_t kBytes = sizeof(GroupQ8_0);
  GroupReader(const void* group, size_t first) : p(static_cast<const GroupQ8_0*>(group)), lane(first) {}
  HWY_INLINE void Begin(int64_t step) {
    at = p + step;
    d = LoadHalves(at->d, lane);
  }
  template <int kInput>
  HWY_INLINE VF Load() const {
    const VI four = hn::LoadU(I32(), reinterpret_cast<const int32_t*>(at->q[kInput / 4][lane]));
    // Without the sign, which the 128 stands for: the shift that moves the sign in would keep it of a byte beside it.
    const VI q = hn::ShiftRight<24>(hn::Xor(hn::ShiftLeft<24 - kInput % 4 * 8>(four), hn::Set(I32(), INT32_MIN)));
    return hn::Mul(hn::ConvertTo(F32(), q), d);
  }
  const GroupQ8_0* p;
  const GroupQ8_0* at = nullptr;
  size_t lane;
  VF d = hn::Zero(F32());
};

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_GROUP_READER_INL
