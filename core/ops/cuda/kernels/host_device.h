// What lets one kernel body run on a GPU, compiled by nvcc, and on the CPU, compiled by any C++20 compiler.
//
// A kernel is a functor in one of two forms; launch.h runs both.
//   each:  int64_t Count() const;  void operator()(int64_t i) const;
//          One thread an index; indices are independent of each other.
//   warps: int64_t Count() const;  Partial Part(int64_t i, int lane) const;  static Partial Merge(a, b);
//          void Finish(int64_t i, int lane, const Partial& total) const;
//          kLanes threads an index. Part of all lanes comes before Finish of any; the parts are merged pairwise
//          across lane distances 16, 8, 4, 2, 1, so the order of a sum is fixed by the lane alone.
//
// Device code is compiled without contraction of a * b + c; where a fused product is meant, fmaf says so. What is left
// to differ between the two compilers is the last bits of expf, sinf and cosf.
#pragma once

#include <cmath>
#include <cstdint>

#if defined(__CUDACC__)
#define RETORT_HD __host__ __device__
#define RETORT_UNROLL _Pragma("unroll")  // before loops over a Partial, so that it stays in registers
#else
#define RETORT_HD
#define RETORT_UNROLL
#endif

namespace retort::cuda {

inline constexpr int kLanes = 32;

/// A partial result of a warp: floats only, since that is what lanes exchange.
template <int kCount>
struct Floats {
  static constexpr int kSize = kCount;
  float v[kCount];
};

}  // namespace retort::cuda
