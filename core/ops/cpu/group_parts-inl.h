// Per-target: what 32 inputs of a group hold, as bytes and as the terms of w = d * q + m. Included once per Highway
// target. What is said of terms holds for integers of at most six bits; those of q8_0 are signed and have no offset.
#if defined(RETORT_GROUP_PARTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_GROUP_PARTS_INL
#undef RETORT_GROUP_PARTS_INL
#else
#define RETORT_GROUP_PARTS_INL
#endif

#include "core/ops/cpu/int_dot-inl.h"
#include "core/ops/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// The 32 inputs from 32 * block on.
template <typename Group>
HWY_INLINE const auto& PartAt(const Group* groups, int64_t block) {
  if constexpr (requires { groups->part; }) {
    const auto b = static_cast<size_t>(block);
    return groups[b / 8].part[b % 8];
  } else {
    return groups[block];
  }
}
template <typename Group>
HWY_INLINE const Group& GroupAt(const Group* groups, int64_t block) {
  if constexpr (requires { groups->part; }) return groups[static_cast<size_t>(block) / 8];
  return groups[block];
}
template <typename Group>
using PartOf = std::remove_cvref_t<decltype(PartAt(static_cast<const Group*>(nullptr), 0))>;
/// Bytes of 32 inputs, on average.
template <typename Group>
constexpr size_t kPartBytes = requires(Group g) {
  g.part;
}
? sizeof(Group) / 8 : sizeof(Group);

/// Bit `kFrom` of every byte, and those above it, moved to bit 4; what crosses bytes is masked away by the caller.
template <int kFrom>
HWY_INLINE hn::Vec<Dot8> ToBitFour(const uint8_t* bytes) {
  const Dot8 d8;
  const Dot16 d16;
  const auto words = hn::BitCast(d16, hn::LoadU(d8, bytes));
  if constexpr (kFrom > 4) {
    return hn::BitCast(d8, hn::ShiftRight<kFrom - 4>(words));
  } else {
    return hn::BitCast(d8, hn::ShiftLeft<4 - kFrom>(words));
  }
}
template <int kFour, int kHalf>
HWY_INLINE hn::Vec<Dot8> HighBits(const GroupFifths& bits, size_t lane) {
  return hn::And(ToBitFour<kHalf * 4 + kFour>(bits[lane]), hn::Set(Dot8(), 0x10));
}
template <int kFour, int kHalf>
HWY_INLINE hn::Vec<Dot8> HighBits(const GroupSixths& bits, size_t lane) {
  return hn::And(ToBitFour<kFour * 2>(bits[kHalf][lane]), hn::Set(Dot8(), 0x30));
}

/// Inputs 16 * kHalf + 4 * kFour and the three after it, of each row from `lane` on.
template <int kFour, int kHalf, typename Part>
HWY_INLINE hn::Vec<Dot8> LoadFour(const Part& part, size_t lane) {
  const Dot8 d8;
  const Dot16 d16;
  auto bytes = hn::LoadU(d8, part.q[kFour][lane]);
  if constexpr (kHalf == 1) bytes = hn::BitCast(d8, hn::ShiftRight<4>(hn::BitCast(d16, bytes)));
  bytes = hn::And(bytes, hn::Set(d8, 15));
  if constexpr (requires { part.high; }) bytes = hn::Or(bytes, HighBits<kFour, kHalf>(part.high, lane));
  return bytes;
}

/// kLanes bytes as floats.
HWY_INLINE VF LoadBytes(const uint8_t* p) {
  const hn::Rebind<uint8_t, I32> bytes;
  return hn::ConvertTo(F32(), hn::PromoteTo(I32(), hn::LoadU(bytes, p)));
}

/// The factor of a block's integers. That of q6_k leaves out what its halves do not share.
template <typename Group>
HWY_INLINE VF Scale(const Group* groups, int64_t block, size_t lane) {
  const VF d = LoadHalves(GroupAt(groups, block).d, lane);
  if constexpr (requires { groups->dmin; }) return hn::Mul(d, LoadBytes(PartAt(groups, block).scale + lane));
  return d;
}

/// The weight whose integer is 0. Not for q6_k, whose halves differ.
template <typename Group>
HWY_INLINE VF Offset(const Group* groups, int64_t block, size_t lane, VF d) {
  if constexpr (requires { groups->dmin; }) {
    const VF dmin = LoadHalves(GroupAt(groups, block).dmin, lane);
    return hn::Neg(hn::Mul(dmin, LoadBytes(PartAt(groups, block).min + lane)));
  } else if constexpr (requires { groups->m; }) {
    return LoadHalves(groups[block].m, lane);
  } else {
    return hn::Mul(d, hn::Set(F32(), std::is_same_v<Group, GroupQ4_0> ? -8.0f : -16.0f));
  }
}

/// w = d * q + m, for the first 16 inputs and for the last.
struct Terms {
  VF d[2], m[2];
};
template <typename Group>
HWY_INLINE void LoadTerms(const Group* groups, int64_t block, size_t lane, Terms* to) {
  const VF d = Scale(groups, block, lane);
  if constexpr (std::is_same_v<Group, GroupQ6_K>) {
    const hn::Rebind<int16_t, I32> pair;
    const auto* const scales = reinterpret_cast<const int16_t*>(PartAt(groups, block).scale[lane]);
    const VI both = hn::PromoteTo(I32(), hn::LoadU(pair, scales));
    to->d[0] = hn::Mul(d, hn::ConvertTo(F32(), hn::ShiftRight<24>(hn::ShiftLeft<24>(both))));
    to->d[1] = hn::Mul(d, hn::ConvertTo(F32(), hn::ShiftRight<8>(both)));
    for (int half : {0, 1}) to->m[half] = hn::Mul(to->d[half], hn::Set(F32(), -32.0f));
  } else {
    to->d[0] = to->d[1] = d;
    to->m[0] = to->m[1] = Offset(groups, block, lane, d);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_GROUP_PARTS_INL
