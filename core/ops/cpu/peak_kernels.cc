#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/peak_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <atomic>

#include "core/ops/cpu/peak_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/int_dot-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Keeps a result alive, so that the work behind it is done.
template <typename T>
void Keep(T value) {
  static std::atomic<T> kept;
  kept.store(value, std::memory_order_relaxed);
}

HWY_ATTR void ReadBytesTarget(const uint8_t* data, int64_t bytes) {
  const hn::CappedTag<uint64_t, 4> d;
  const auto* const words = reinterpret_cast<const uint64_t*>(data);
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto a = hn::Zero(d), b = hn::Zero(d);
  for (int64_t i = 0; i < bytes / 8; i += 8) {
    for (int64_t j = 0; j < 8; j += 2 * lanes) {
      a = hn::Xor(a, hn::LoadU(d, words + i + j));
      b = hn::Xor(b, hn::LoadU(d, words + i + j + lanes));
    }
  }
  Keep(hn::GetLane(hn::Xor(a, b)));
}

// Twelve sums: what latency times width needs, and 16 registers hold.
HWY_ATTR void FloatPeakTarget(int64_t repeats) {
  const hn::ScalableTag<float> d;
  const auto w = hn::Set(d, 0.5f), x = hn::Set(d, static_cast<float>(repeats % 3));
  auto s0 = hn::Set(d, 0.0f), s1 = hn::Set(d, 1.0f), s2 = hn::Set(d, 2.0f), s3 = hn::Set(d, 3.0f),
       s4 = hn::Set(d, 4.0f), s5 = hn::Set(d, 5.0f), s6 = hn::Set(d, 6.0f), s7 = hn::Set(d, 7.0f),
       s8 = hn::Set(d, 8.0f), s9 = hn::Set(d, 9.0f), s10 = hn::Set(d, 10.0f), s11 = hn::Set(d, 11.0f);
  for (int64_t i = 0; i < repeats; ++i) {
    s0 = hn::MulAdd(s0, w, x), s1 = hn::MulAdd(s1, w, x), s2 = hn::MulAdd(s2, w, x), s3 = hn::MulAdd(s3, w, x);
    s4 = hn::MulAdd(s4, w, x), s5 = hn::MulAdd(s5, w, x), s6 = hn::MulAdd(s6, w, x), s7 = hn::MulAdd(s7, w, x);
    s8 = hn::MulAdd(s8, w, x), s9 = hn::MulAdd(s9, w, x), s10 = hn::MulAdd(s10, w, x), s11 = hn::MulAdd(s11, w, x);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)));
  Keep(hn::GetLane(hn::Add(sum, hn::Add(hn::Add(s8, s9), hn::Add(s10, s11)))));
}
double FloatPeakOpsTarget() { return 12.0 * 2.0 * static_cast<double>(hn::Lanes(hn::ScalableTag<float>())); }

#if HWY_TARGET == HWY_SCALAR

void BytePeakTarget(int64_t repeats) {
  uint8_t w[8];
  int8_t x[8];
  for (int j = 0; j < 8; ++j) {
    w[j] = static_cast<uint8_t>((repeats + j) % 15);
    x[j] = static_cast<int8_t>(repeats % 100 - j);
  }
  int32_t sum = 0;
  for (int64_t i = 0; i < repeats; ++i) {
    for (int j = 0; j < 8; ++j) sum += (w[j] ^ (sum & 1)) * x[j];
  }
  Keep(sum);
}
double BytePeakOpsTarget() { return 16; }

#else

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL

// Twelve sums of byte dots.
HWY_ATTR void BytePeakTarget(int64_t repeats) {
  const Dot32 d32;
  const int8_t x[4] = {1, -2, 3, static_cast<int8_t>(repeats % 50)};
  const auto w = hn::Set(Dot8(), 3);
  auto s0 = hn::Zero(d32), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0,
       s11 = s0;
  for (int64_t i = 0; i < repeats; ++i) {
    s0 = ByteDot(s0, w, x), s1 = ByteDot(s1, w, x), s2 = ByteDot(s2, w, x), s3 = ByteDot(s3, w, x);
    s4 = ByteDot(s4, w, x), s5 = ByteDot(s5, w, x), s6 = ByteDot(s6, w, x), s7 = ByteDot(s7, w, x);
    s8 = ByteDot(s8, w, x), s9 = ByteDot(s9, w, x), s10 = ByteDot(s10, w, x), s11 = ByteDot(s11, w, x);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)));
  Keep(hn::GetLane(hn::Add(sum, hn::Add(hn::Add(s8, s9), hn::Add(s10, s11)))));
}
double BytePeakOpsTarget() { return 12.0 * 2.0 * static_cast<double>(hn::Lanes(Dot8())); }

#else

// A block of a group: eight byte products, summed in 16 bits, then in 32.
HWY_ATTR void BytePeakTarget(int64_t repeats) {
  const Dot16 d16;
  const Dot8 d8;
  const Dot32 d32;
  const auto x = hn::Set(d8, static_cast<uint8_t>(repeats % 50 + 1));
  const auto one = hn::Set(d16, 1);
  const auto flip = hn::Set(d8, 1);
  auto w0 = hn::Set(d8, 1), w1 = hn::Set(d8, 2), w2 = hn::Set(d8, 3), w3 = hn::Set(d8, 4);
  auto sum = hn::Zero(d32);
  for (int64_t i = 0; i < repeats; ++i) {
    auto a = hn::Add(BytePairSums(w0, x), BytePairSums(w1, x));
    auto b = hn::Add(BytePairSums(w2, x), BytePairSums(w3, x));
    // Other weights each time, which cost one cheap instruction, or the compiler would compute the products once.
    w0 = hn::Xor(w0, flip), w1 = hn::Xor(w1, flip), w2 = hn::Xor(w2, flip), w3 = hn::Xor(w3, flip);
    a = hn::Add(a, hn::Add(BytePairSums(w0, x), BytePairSums(w1, x)));
    b = hn::Add(b, hn::Add(BytePairSums(w2, x), BytePairSums(w3, x)));
    sum = hn::Add(sum, PairSums(hn::Add(a, b), one));
    w0 = hn::Xor(w0, x), w1 = hn::Xor(w1, x), w2 = hn::Xor(w2, x), w3 = hn::Xor(w3, x);
  }
  Keep(hn::GetLane(sum));
}
double BytePeakOpsTarget() { return 8.0 * 2.0 * static_cast<double>(hn::Lanes(Dot8())); }

#endif  // VNNI
#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(ReadBytesTarget);
HWY_EXPORT(FloatPeakTarget);
HWY_EXPORT(FloatPeakOpsTarget);
HWY_EXPORT(BytePeakTarget);
HWY_EXPORT(BytePeakOpsTarget);

void ReadBytes(const uint8_t* data, int64_t bytes) { HWY_DYNAMIC_DISPATCH(ReadBytesTarget)(data, bytes); }
void FloatPeak(int64_t repeats) { HWY_DYNAMIC_DISPATCH(FloatPeakTarget)(repeats); }
double FloatPeakOps() { return HWY_DYNAMIC_DISPATCH(FloatPeakOpsTarget)(); }
void BytePeak(int64_t repeats) { HWY_DYNAMIC_DISPATCH(BytePeakTarget)(repeats); }
double BytePeakOps() { return HWY_DYNAMIC_DISPATCH(BytePeakOpsTarget)(); }
}  // namespace retort::cpu
#endif
