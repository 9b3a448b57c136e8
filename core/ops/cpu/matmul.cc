#include "core/ops/cpu/matmul.h"

#include "core/device/cpu/parallel.h"

namespace retort::cpu {
namespace {

/// Weight rows a thread takes at least: a fork costs some microseconds, this many products of 576 about as much.
constexpr int64_t kGrain = 32;

class QuantisedMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "simd-int16"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact) return "exact keeps activations in float";
    if (!DTypeIsQuantised(call.part.type)) return "weights are not quantised";
    return nullptr;
  }
  Status Run(const MatMulCall& call) override {
    const MatMulPart& p = call.part;
    const auto blocks = static_cast<size_t>(p.t * p.k / kQuantBlock);
    if (rows_.scale.size() < blocks) {
      rows_.q.resize(blocks * kQuantBlock);
      rows_.scale.resize(blocks);
      rows_.sum.resize(blocks);
    }
    ParallelFor(p.t, 8, call.threads, [&](int64_t begin, int64_t end) { QuantiseRows(call.x, p.k, begin, end, &rows_); });
    ParallelFor(p.n_end, kGrain, call.threads, [&](int64_t begin, int64_t end) {
      MatMulPart part = p;
      part.n_begin = begin;
      part.n_end = end;
      MatMulQuantised(part, rows_);
    });
    return {};
  }

 private:
  QuantisedRows rows_;
};

class FloatMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "simd-f32"; }
  const char* Declines(const MatMulCall&) const override { return nullptr; }
  Status Run(const MatMulCall& call) override {
    ParallelFor(call.part.n_end, kGrain, call.threads, [&](int64_t begin, int64_t end) {
      MatMulPart part = call.part;
      part.n_begin = begin;
      part.n_end = end;
      MatMulFloat(part, call.x);
    });
    return {};
  }
};

}  // namespace

std::unique_ptr<MatMulImplementation> MakeQuantisedMatMul() { return std::make_unique<QuantisedMatMul>(); }
std::unique_ptr<MatMulImplementation> MakeFloatMatMul() { return std::make_unique<FloatMatMul>(); }

MatMulList::MatMulList() {
  list_.push_back(MakeOneDnnMatMul());
  list_.push_back(MakeQuantisedMatMul());
  list_.push_back(MakeFloatMatMul());
}

Status MatMulList::Run(const MatMulCall& call) {
  const MatMulPart& p = call.part;
  const size_t rows = p.t == 1 ? 0 : p.t < kOneDnnRows ? 1 : 2;
  std::string& seen = seen_[(static_cast<size_t>(p.type) * kClasses + rows) * 2 + static_cast<size_t>(call.precision)];
  std::string declined;
  for (const auto& implementation : list_) {
    const char* const why = implementation->Declines(call);
    if (why == nullptr) {
      if (seen.empty()) {
        static constexpr const char* kRows[] = {"1 row", "few rows", "many rows"};
        seen = "matmul " + std::string(DTypeName(p.type)) + ", " + kRows[rows] + ", " +
               (call.precision == Precision::kExact ? "exact" : "fast") + ": " + implementation->name() + declined;
      }
      return implementation->Run(call);
    }
    if (seen.empty()) declined.append("; ").append(implementation->name()).append(" declined: ").append(why);
  }
  return Internal("matmul: no implementation serves weights of type " + std::string(DTypeName(p.type)));
}

std::vector<std::string> MatMulList::Report() const {
  std::vector<std::string> lines;
  for (const std::string& line : seen_) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace retort::cpu
