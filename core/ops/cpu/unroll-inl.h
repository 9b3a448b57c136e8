// Per-target: loops that unroll before registers are assigned. Included once per Highway target.
#if defined(RETORT_UNROLL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_UNROLL_INL
#undef RETORT_UNROLL_INL
#else
#define RETORT_UNROLL_INL
#endif

#include <hwy/highway.h>

#include <type_traits>
#include <utility>

/// For the functions given to Unroll.
#define RETORT_INLINE __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

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

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_UNROLL_INL
