#include "core/ops/cpu/matmul.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/prefetch_choice.h"
#include "core/ops/cpu/row_kernels.h"

namespace retort::cpu {
namespace {

/// Groups a thread takes at least.
constexpr int64_t kGrain = 2;

class QuantisedMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "simd-int8"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact) return "exact keeps activations in float";
    if (!DTypeIsQuantised(call.w->type)) return "weights are not quantised";
    return nullptr;
  }
  bool MakesRows() const override { return true; }
  Status Run(const MatMulCall& call) override {
    const GroupedWeight& w = *call.w;
    ResizeQuantisedRows(w.type, call.t, w.k, &rows_);
    constexpr int64_t kShortPiece = 1024;  // elements; it is not worth a thread of its own
    const int64_t grain = call.t * w.k < kTilePieces * kShortPiece ? kTilePieces : 1;
    ParallelFor(rows_.tiles.count() * kTilePieces, grain, call.threads,
                [&](int64_t begin, int64_t end) { QuantiseRows(call.source(), w.type, w.k, begin, end, &rows_); });
    const bool bound_by_memory = call.t < kComputeRows;
    const bool prefetch = !bound_by_memory || prefetch_.Next();
    const auto start = std::chrono::steady_clock::now();
    ParallelFor(w.group_count(), kGrain, call.threads,
                [&](int64_t begin, int64_t end) { MatMulQuantised(call, rows_, prefetch, begin, end); });
    if (bound_by_memory) prefetch_.Learn(prefetch, w.owned_bytes(), std::chrono::steady_clock::now() - start);
    return {};
  }

 private:
  static constexpr int64_t kComputeRows = 4;  // from which on arithmetic takes longer than reading
  QuantisedRows rows_;
  PrefetchChoice prefetch_;
};

class FloatMatMul final : public MatMulImplementation {
 public:
  const char* name() const override { return "simd-f32"; }
  const char* Declines(const MatMulCall& call) const override {
    if (call.precision == Precision::kExact || !DTypeIsQuantised(call.w->type)) return nullptr;
    if (call.w->type != DType::kQ8_0 || HasByteDot()) return "products of bytes are faster";
    if (call.t < kWideRows) return "too few rows to pay for expanding the weights";
    return nullptr;
  }
  Status Run(const MatMulCall& call) override {
    ResizeFloatRows(call.t, call.w->k, &rows_);
    ParallelFor(rows_.tiles.count(), 2, call.threads,
                [&](int64_t begin, int64_t end) { PackFloatRows(call.x, call.w->k, begin, end, &rows_); });
    const bool bound_by_memory = call.t <= kMemoryRows && !DTypeIsQuantised(call.w->type);
    PrefetchChoice& choice = prefetch_[static_cast<size_t>(std::min(call.t, kMemoryRows)) - 1];
    const bool prefetch = bound_by_memory && choice.Next();
    const auto start = std::chrono::steady_clock::now();
    ParallelFor(FloatUnits(*call.w), 1, call.threads,
                [&](int64_t begin, int64_t end) { MatMulFloat(call, rows_, prefetch, begin, end); });
    if (bound_by_memory) choice.Learn(prefetch, call.w->owned_bytes(), std::chrono::steady_clock::now() - start);
    return {};
  }

 private:
  static constexpr int64_t kMemoryRows = 12;  // up to which reading may take longer than arithmetic
  FloatRows rows_;
  std::array<PrefetchChoice, kMemoryRows> prefetch_;
};

/// Classes of rows: within one of them the same implementation is best, more or less.
constexpr std::array<int64_t, 4> kClassBegins = {2, kWideRows, 48, 128};
size_t RowClass(int64_t t) {
  return static_cast<size_t>(std::upper_bound(kClassBegins.begin(), kClassBegins.end(), t) - kClassBegins.begin());
}
std::string RowClassName(size_t row_class) {
  if (row_class == 0) return "1 row";
  const std::string begin = std::to_string(kClassBegins[row_class - 1]);
  if (row_class == kClassBegins.size()) return "from " + begin + " rows";
  return begin + " to " + std::to_string(kClassBegins[row_class] - 1) + " rows";
}

}  // namespace

std::unique_ptr<MatMulImplementation> MakeQuantisedMatMul() { return std::make_unique<QuantisedMatMul>(); }
std::unique_ptr<MatMulImplementation> MakeFloatMatMul() { return std::make_unique<FloatMatMul>(); }

MatMulList::MatMulList() {
  list_.push_back(MakeBFloat16MatMul());
  list_.push_back(MakeQuantisedMatMul());
  list_.push_back(MakeFloatMatMul());
  list_.push_back(MakeOneDnnMatMul());
}

Status MatMulList::RunWith(MatMulImplementation& implementation, const MatMulCall& call) {
  if (call.source().plain() || implementation.MakesRows()) return implementation.Run(call);
  ParallelFor(call.t, 2, call.threads,
              [&](int64_t begin, int64_t end) { MakeRows(call.source(), call.w->k, begin, end, call.made); });
  MatMulCall made = call;
  made.x = call.made;
  made.norm = nullptr;
  made.gated = false;
  return implementation.Run(made);
}

Result<std::vector<double>> MatMulList::Measure(const MatMulCall& call,
                                                const std::vector<MatMulImplementation*>& candidates) {
  MatMulCall trial = call;
  trial.ldy = call.w->n;
  trial.accumulate = false;
  unused_.resize(static_cast<size_t>(call.t * call.w->n));
  trial.y = unused_.data();
  std::vector<double> best(candidates.size(), 1e300);
  constexpr int kRounds = 3;  // the first finds memory cold
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      RETORT_RETURN_IF_ERROR(RunWith(*candidates[i], trial));
      best[i] = std::min(best[i], std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  unused_ = {};
  return best;
}

Status MatMulList::Choose(const MatMulCall& call, Choice* choice) {
  std::vector<MatMulImplementation*> candidates;
  std::string declined;
  for (const auto& implementation : list_) {
    const char* const why = implementation->Declines(call);
    if (why == nullptr) {
      candidates.push_back(implementation.get());
    } else {
      declined.append("; ").append(implementation->name()).append(" declined: ").append(why);
    }
  }
  if (candidates.empty())
    return Internal("matmul: no implementation serves weights of type " + std::string(DTypeName(call.w->type)));
  size_t best = 0;
  std::string measured;
  if (candidates.size() > 1 && measure_) {
    RETORT_ASSIGN_OR_RETURN(const std::vector<double> seconds, Measure(call, candidates));
    constexpr double kMargin = 0.9;
    for (size_t i = 1; i < candidates.size(); ++i) {
      if (seconds[i] < kMargin * seconds[best]) best = i;
    }
    for (size_t i = 0; i < candidates.size(); ++i) {
      char text[64];
      std::snprintf(text, sizeof text, "%s %s took %.0f us", i == 0 ? "; measured:" : ",", candidates[i]->name(),
                    seconds[i] * 1e6);
      measured += text;
    }
  }
  choice->served_by = candidates[best];
  choice->report = "matmul " + std::string(DTypeName(call.w->type)) + ", " + RowClassName(RowClass(call.t)) + ", " +
                   (call.precision == Precision::kExact ? "exact" : "fast") + ": " + candidates[best]->name() +
                   measured + declined;
  return {};
}

Status MatMulList::Run(const MatMulCall& call) {
  Choice& choice = choices_[(static_cast<size_t>(call.w->type) * kClasses + RowClass(call.t)) * 2 +
                            static_cast<size_t>(call.precision)];
  if (choice.served_by == nullptr) RETORT_RETURN_IF_ERROR(Choose(call, &choice));
  return RunWith(*choice.served_by, call);
}

std::vector<std::string> MatMulList::Report() const {
  std::vector<std::string> lines;
  for (const Choice& choice : choices_) {
    if (!choice.report.empty()) lines.push_back(choice.report);
  }
  return lines;
}

}  // namespace retort::cpu
