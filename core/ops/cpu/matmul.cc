#include "core/ops/cpu/matmul.h"

#include "core/device/cpu/parallel.h"

namespace retort::cpu {
namespace {

/// Groups a thread takes at least.
constexpr int64_t kGrain = 4;

class QuantisedMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "simd-int8"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact) return "exact keeps activations in float";
    if (!DTypeIsQuantised(call.w->type)) return "weights are not quantised";
    if (call.w->type == DType::kQ8_0 && call.t >= kExpandRows)
      return "many rows pay for expanding 8-bit weights to floats";
    return nullptr;
  }
  Status Run(const MatMulCall& call) override {
    const GroupedWeight& w = *call.w;
    rows_.Resize(w.type, call.t, w.k);
    ParallelFor(call.t, 8, call.threads,
                [&](int64_t begin, int64_t end) { QuantiseRows(call.x, w.type, w.k, begin, end, &rows_); });
    ParallelFor(w.group_count(), kGrain, call.threads,
                [&](int64_t begin, int64_t end) { MatMulQuantised(call, rows_, begin, end); });
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
    ParallelFor(call.w->group_count(), kGrain, call.threads,
                [&](int64_t begin, int64_t end) { MatMulFloat(call, begin, end); });
    return {};
  }
};

/// Which of MatMulList's classes a step of t rows is in, and what it is called.
size_t RowClass(int64_t t) { return t == 1 ? 0 : t < kExpandRows ? 1 : t < kOneDnnRows ? 2 : 3; }
std::string RowClassName(size_t row_class) {
  if (row_class == 0) return "1 row";
  if (row_class == 1) return "2 to " + std::to_string(kExpandRows - 1) + " rows";
  if (row_class == 2) return std::to_string(kExpandRows) + " to " + std::to_string(kOneDnnRows - 1) + " rows";
  return "from " + std::to_string(kOneDnnRows) + " rows";
}

}  // namespace

std::unique_ptr<MatMulImplementation> MakeQuantisedMatMul() { return std::make_unique<QuantisedMatMul>(); }
std::unique_ptr<MatMulImplementation> MakeFloatMatMul() { return std::make_unique<FloatMatMul>(); }

MatMulList::MatMulList() {
  list_.push_back(MakeOneDnnMatMul());
  list_.push_back(MakeQuantisedMatMul());
  list_.push_back(MakeFloatMatMul());
}

Status MatMulList::Run(const MatMulCall& call) {
  const DType type = call.w->type;
  const size_t rows = RowClass(call.t);
  std::string& seen = seen_[(static_cast<size_t>(type) * kClasses + rows) * 2 + static_cast<size_t>(call.precision)];
  std::string declined;
  for (const auto& implementation : list_) {
    const char* const why = implementation->Declines(call);
    if (why == nullptr) {
      if (seen.empty()) {
        seen = "matmul " + std::string(DTypeName(type)) + ", " + RowClassName(rows) + ", " +
               (call.precision == Precision::kExact ? "exact" : "fast") + ": " + implementation->name() + declined;
      }
      return implementation->Run(call);
    }
    if (seen.empty()) declined.append("; ").append(implementation->name()).append(" declined: ").append(why);
  }
  return Internal("matmul: no implementation serves weights of type " + std::string(DTypeName(type)));
}

std::vector<std::string> MatMulList::Report() const {
  std::vector<std::string> lines;
  for (const std::string& line : seen_) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace retort::cpu
