// Per-target: the vectors of the matrix kernels. Included once per Highway target.
#if defined(RETORT_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_LANES_INL
#undef RETORT_LANES_INL
#else
#define RETORT_LANES_INL
#endif

#include <hwy/highway.h>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A group's sixteen outputs, or a half or a quarter of them where vectors have 256 or 128 bits: kernels then run for
// each of these.
using F32 = hn::CappedTag<float, kGroupRows>;
using I32 = hn::RebindToSigned<F32>;
using VF = hn::Vec<F32>;
using VI = hn::Vec<I32>;
constexpr size_t kLanes = hn::MaxLanes(F32());
static_assert(kLanes >= 4, "the matrix kernels need vectors of 128 bits");

/// kLanes halves from `lane` on, as floats.
inline HWY_ATTR VF LoadHalves(const uint16_t* p, size_t lane) {
  const hn::Rebind<hwy::float16_t, F32> dh;
  return hn::PromoteTo(F32(), hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(p + lane)));
}

/// Write outputs [output, + kLanes) of one row, of which those from n on do not exist.
inline HWY_ATTR void StoreOutputs(VF v, float* row, int64_t output, int64_t n, bool accumulate) {
  const F32 d;
  float* const to = row + output;
  if (output + static_cast<int64_t>(kLanes) <= n) {
    hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, to), v) : v, d, to);
    return;
  }
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, d, lanes);
  for (int64_t i = 0; i < n - output; ++i) to[i] = accumulate ? to[i] + lanes[i] : lanes[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_LANES_INL
