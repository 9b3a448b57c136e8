// Per-target: the vectors of the matrix kernels, and loops that unroll before registers are assigned.
// Included once per Highway target.
#if defined(RETORT_ATTENTION_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_ATTENTION_LANES_INL
#undef RETORT_ATTENTION_LANES_INL
#else
#define RETORT_ATTENTION_LANES_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <type_traits>
#include <utility>

#include "core/ops/cpu/matmul_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A group's sixteen outputs, or a half or a quarter of them where vectors have 256 or 128 bits: kernels then run for
// each of these.
using F32 = hn::CappedTag<float, 8>;
using I32 = hn::RebindToSigned<F32>;
using VF = hn::Vec<F32>;
using VI = hn::Vec<I32>;
constexpr size_t kLanes = hn::MaxLanes(F32());
static_assert(kLanes >= 4, "the matrix kernels need vectors of 128 bits");

#define RETORT_INLINE __attribute__((always_inline))

/// f(0), f(1), ... f(N - 1) with constants. An array of vectors indexed by them stays in registers; indexed by the
/// variable of a loop that the compiler unrolls late, it was seen to live in memory.
template <typename F, int... I>
HWY_INLINE void UnrollList(F&& f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}
template <int N, typename F>
HWY_INLINE void Unroll(F&& f) {
  UnrollList(f, std::make_integer_sequence<int, N>{});
}

/// kLanes halves from `lane` on, as floats.
inline HWY_ATTR VF LoadHalves(const uint16_t* p, size_t lane) {
  const hn::Rebind<hwy::float16_t, F32> dh;
  return hn::PromoteTo(F32(), hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(p + lane)));
}

/// Ask for what a stream of `kBytes` a step reads a kilobyte later. Processors do so themselves, but not across pages:
/// on two AMD Zen cores decoding read 10 GB/s without it and 15 with it, of 17.6 that a plain read attains.
template <size_t kBytes>
HWY_INLINE void PrefetchAhead(const void* stream, int64_t step) {
  constexpr int64_t kAhead = 1024, kLine = 64;
  const int64_t at = step * static_cast<int64_t>(kBytes);
  if (kBytes < kLine && at % kLine != 0) return;
  for (int64_t line = 0; line < static_cast<int64_t>(kBytes); line += kLine) {
    hwy::Prefetch(static_cast<const std::byte*>(stream) + at + kAhead + line);
  }
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
#endif  // RETORT_ATTENTION_LANES_INL
