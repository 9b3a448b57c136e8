// One call of a stage body: the context the body sees, and what came of each record. Reused from call to call.
#pragma once

#include <span>
#include <vector>

#include "core/graph/engine/admission.h"
#include "core/graph/engine/chain.h"
#include "core/graph/engine/dead_letters.h"
#include "core/graph/engine/stage.h"

namespace retort {

/// How far a run has been asked to stop; only ever grows.
enum class StopLevel : int { kRun = 0, kDrain = 1, kStop = 2 };

class Call final : public StageContext {
 public:
  Call(Stage& stage, Admission& admission, const std::atomic<StopLevel>& stop, uint32_t max_cycles);

  /// Run the body once over `batch`. An exception becomes kInternal; a record that the body did not give away fails, or
  /// counts as cancelled where the run is being stopped and the body names no other error.
  void Run(Chain batch);

  /// Run a source once. False: it has no more records, or failed (see status).
  bool RunSource(const Admission::Grant& grant);
  /// What the body returned at the last call.
  const Status& status() const { return status_; }

  // What came of the records. The caller takes it and leaves these empty.
  std::vector<Chain> ports;
  Chain completed, skipped, cancelled;
  std::vector<Failure> failures;
  uint32_t batch() const { return static_cast<uint32_t>(records_.size()); }
  uint32_t created() const { return created_; }
  /// Add the numbers of the calls since the last time to `whole` and the sizes of their batches to `sizes`.
  void MoveStats(StageStats& whole, StageStats::Distribution& sizes);

  // StageContext
  Status Emit(uint32_t port, Record* record) override;
  Status Complete(Record* record) override;
  Status Fail(Record* record, Status why) override;
  Status Skip(Record* record, std::string_view reason) override;
  bool Cancelled() const override;
  Result<Record*> Create() override;
  void Count(std::string_view metric, double amount) override;
  void Sample(std::string_view metric, double value) override;

 private:
  Status Process(size_t want, bool* end);
  Status Take(Record* record, const char* what);
  void FailForgotten(const Status& status);
  void AddFailure(Record* record, const Status& why);

  StageStats tally_;
  StageStats::Distribution batches_;
  Stage& stage_;
  Admission& admission_;
  const std::atomic<StopLevel>& stop_;
  const uint32_t max_cycles_;
  std::vector<Record*> records_;  // of this call; for sources, those it created
  size_t given_ = 0;
  uint32_t want_ = 0, created_ = 0;
  Status status_;
};

}  // namespace retort
