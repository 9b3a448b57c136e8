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
  /// Whether it makes the rows of a call from their source; else they must be there.
  virtual bool MakesRows() const { return false; }
  virtual Status Run(const MatMulCall& call) = 0;
};

std::unique_ptr<MatMulImplementation> MakeQuantisedMatMul();  // quantised weights in `fast`
std::unique_ptr<MatMulImplementation> MakeFloatMatMul();      // everything
std::unique_ptr<MatMulImplementation> MakeOneDnnMatMul();     // wide steps in `fast`
std::unique_ptr<MatMulImplementation> MakeBFloat16MatMul();   // wide steps in `fast`, on a matrix unit: see bfloat16.h

/// From how many rows on a product is wide: several implementations may serve it.
inline constexpr int64_t kWideRows = 16;

/// Wide products in `fast` may have several implementations, and which is fastest depends on the processor. The first
/// product of each weight type and class of rows is made by all of them, twice; the first of the list stays unless
/// another takes less than nine tenths of its time.
class MatMulList {
 public:
  MatMulList();
  /// The first of the list that does not decline, unmeasured: what a run that must repeat itself to the bit needs.
  void TakeListedOrder() { measure_ = false; }
  Status Run(const MatMulCall& call);
  /// One line for each weight type and class of rows seen: who served it, and why those before declined.
  std::vector<std::string> Report() const;

 private:
  struct Choice {
    MatMulImplementation* served_by = nullptr;
    std::string report;
  };
  Status Choose(const MatMulCall& call, Choice* choice);
  /// Have `implementation` serve the call, with rows made beforehand where it needs them.
  static Status RunWith(MatMulImplementation& implementation, const MatMulCall& call);
  /// Seconds of each of `candidates` for the call, whose result goes nowhere.
  Result<std::vector<double>> Measure(const MatMulCall& call, const std::vector<MatMulImplementation*>& candidates);

  static constexpr size_t kClasses = 5;  // of rows, see RowClass
  std::vector<std::unique_ptr<MatMulImplementation>> list_;
  std::array<Choice, kDTypes * kClasses * 2> choices_;
  std::vector<float> unused_;
  bool measure_ = true;
};

}  // namespace retort::cpu
