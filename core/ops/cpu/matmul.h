// The ordered list of implementations behind MatMul on the CPU, best first; each says why it declines.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/ops.h"

namespace retort::cpu {

/// One way to serve a product. Not thread-safe (scratch memory).
class MatMulImplementation {
 public:
  virtual ~MatMulImplementation() = default;
  virtual const char* name() const = 0;
  /// Null where it serves the call, else the reason why not.
  virtual const char* Declines(const MatMulCall& call) const = 0;
  virtual Status Run(const MatMulCall& call) = 0;
};

std::unique_ptr<MatMulImplementation> MakeOneDnnMatMul();     // wide steps in `fast`
std::unique_ptr<MatMulImplementation> MakeQuantisedMatMul();  // quantised weights in `fast`
std::unique_ptr<MatMulImplementation> MakeFloatMatMul();      // everything

// Where one implementation overtakes another, measured on two cores of AMD Zen (AVX2, 2.55 GHz, peak 82 GFLOP/s in
// float; oneDNN 3.2) with the cases `wide/` of tests/perf/matmul_bench.cc, [3072, 576], GFLOP/s:
//   rows          8    16    24    32    64   128   256
//   q4_1 int8    85    86    82    86    89    87    88   never overtaken
//   q8_0 int8    49    50    51    50    49    50    49   int8 here means 16-bit products, see QuantisedRows
//   q8_0 f32     39    56    61    63    67    70    73
//   q8_0 oneDNN  29    48    53    55    58    60    64
//   f32 f32      60    68    72    71    73    73    74
//   f32 oneDNN   43    55    59    60    64    65    65
/// From how many rows on 8-bit weights are expanded to floats.
inline constexpr int64_t kExpandRows = 16;
/// From how many rows on oneDNN serves where it has vectors that the own kernels leave unused.
inline constexpr int64_t kOneDnnRows = 48;

class MatMulList {
 public:
  MatMulList();
  Status Run(const MatMulCall& call);
  /// One line for each weight type and class of rows seen: who served it, and why those before declined.
  std::vector<std::string> Report() const;

 private:
  static constexpr size_t kTypes = kDTypes, kClasses = 4;  // rows: 1, below kExpandRows, below kOneDnnRows, more
  std::vector<std::unique_ptr<MatMulImplementation>> list_;
  std::array<std::string, kTypes * kClasses * 2> seen_;
};

}  // namespace retort::cpu
