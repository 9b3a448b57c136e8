#include "core/graph/run_probes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/model/generation.h"
#include "core/plugin/provenance.h"

namespace retort {
namespace {

bool Ended(const Record& record) {
  return record.generation != nullptr && record.generation->finish() != FinishReason::kNone;
}

class ProbingContext final : public StageContext {
 public:
  /// `ended`: the records whose sequence had ended before the call.
  ProbingContext(const std::string& stage, const RunProbes& probes, std::vector<const Record*> ended,
                 StageContext& inner)
      : stage_(stage), probes_(probes), ended_(std::move(ended)), inner_(inner) {}

  Status Emit(uint32_t port, Record* record) override {
    Look(record);
    return inner_.Emit(port, record);
  }
  Status Complete(Record* record) override {
    Look(record);
    return inner_.Complete(record);
  }
  Result<Record*> Create() override {
    Result<Record*> record = inner_.Create();
    if (record.ok()) (*record)->fault = probes_.fault;
    return record;
  }
  Status Fail(Record* record, Status why) override { return inner_.Fail(record, std::move(why)); }
  Status Skip(Record* record, std::string_view reason) override { return inner_.Skip(record, reason); }
  bool Cancelled() const override { return inner_.Cancelled(); }
  void Count(std::string_view metric, double amount) override { inner_.Count(metric, amount); }
  void Sample(std::string_view metric, double value) override { inner_.Sample(metric, value); }

 private:
  void Look(const Record* record) {
    if (!probes_.on_sequence_end || record == nullptr || !Ended(*record)) return;
    if (std::find(ended_.begin(), ended_.end(), record) == ended_.end()) probes_.on_sequence_end(stage_, *record);
  }

  const std::string& stage_;
  const RunProbes& probes_;
  const std::vector<const Record*> ended_;
  StageContext& inner_;
};

class ProbedStage final : public StageBody {
 public:
  ProbedStage(std::string name, std::unique_ptr<StageBody> inner, RunProbes probes)
      : name_(std::move(name)), inner_(std::move(inner)), probes_(std::move(probes)) {}

  Status Open() override { return inner_->Open(); }
  Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) override {
    std::vector<const Record*> ended;
    std::copy_if(records.begin(), records.end(), std::back_inserter(ended), [](const Record* r) { return Ended(*r); });
    if (probes_.keep_provenance) KeepProvenance(records);
    for (const Record* const record : records)
      if (probes_.on_receive) probes_.on_receive(name_, *record);
    ProbingContext probing(name_, probes_, std::move(ended), context);
    return inner_->Process(probing, records, want, end);
  }
  Status Close(bool cut_short) override { return inner_->Close(cut_short); }

 private:
  void KeepProvenance(std::span<Record* const> records) const {
    for (Record* const record : records) {
      if (record->generation == nullptr && record->provenance == nullptr && probes_.keep_provenance(*record))
        record->provenance = std::make_unique<Provenance>();
    }
  }

  const std::string name_;
  std::unique_ptr<StageBody> inner_;
  const RunProbes probes_;
};

}  // namespace

std::unique_ptr<StageBody> ProbeStage(std::string name, std::unique_ptr<StageBody> stage, RunProbes probes) {
  return std::make_unique<ProbedStage>(std::move(name), std::move(stage), std::move(probes));
}

}  // namespace retort
