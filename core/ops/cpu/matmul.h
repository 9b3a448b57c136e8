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

/// From how many rows on oneDNN's product over expanded weights is worth the expansion; see core/design/003-cpu-kernels.md.
inline constexpr int64_t kOneDnnRows = 48;

class MatMulList {
 public:
  MatMulList();
  Status Run(const MatMulCall& call);
  /// One line for each weight type and class of rows seen: who served it, and why those before declined.
  std::vector<std::string> Report() const;

 private:
  static constexpr size_t kTypes = 7, kClasses = 3;  // rows: 1, 2 to kOneDnnRows - 1, more
  std::vector<std::unique_ptr<MatMulImplementation>> list_;
  std::array<std::string, kTypes * kClasses * 2> seen_;
};

}  // namespace retort::cpu
