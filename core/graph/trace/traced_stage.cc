#include "core/graph/trace/traced_stage.h"

#include <utility>

namespace retort {
namespace {

/// Hands everything on and counts what a source creates.
class CreationCounter final : public StageContext {
 public:
  explicit CreationCounter(StageContext& inner) : inner_(inner) {}
  uint32_t created() const { return created_; }

  Result<Record*> Create() override {
    Result<Record*> record = inner_.Create();
    if (record.ok()) ++created_;
    return record;
  }
  Status Emit(uint32_t port, Record* record) override { return inner_.Emit(port, record); }
  Status Complete(Record* record) override { return inner_.Complete(record); }
  Status Fail(Record* record, Status why) override { return inner_.Fail(record, std::move(why)); }
  Status Skip(Record* record, std::string_view reason) override { return inner_.Skip(record, reason); }
  bool Cancelled() const override { return inner_.Cancelled(); }
  void Count(std::string_view metric, double amount) override { inner_.Count(metric, amount); }
  void Sample(std::string_view metric, double value) override { inner_.Sample(metric, value); }

 private:
  StageContext& inner_;
  uint32_t created_ = 0;
};

/// A call from here to the end of the scope, whatever is thrown.
class Slice {
 public:
  Slice(TraceRecorder& recorder, uint32_t stage, size_t records)
      : recorder_(recorder), stage_(stage), recorded_(recorder.Begin(stage, static_cast<uint32_t>(records))) {}
  ~Slice() {
    if (recorded_) recorder_.End(stage_, created);
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  uint32_t created = 0;

 private:
  TraceRecorder& recorder_;
  const uint32_t stage_;
  const bool recorded_;
};

class TracedStage final : public StageBody {
 public:
  TracedStage(uint32_t index, std::unique_ptr<StageBody> inner, TraceRecorder& recorder)
      : index_(index), inner_(std::move(inner)), recorder_(recorder) {}

  Status Open() override { return inner_->Open(); }
  Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) override {
    Slice slice(recorder_, index_, records.size());
    if (want == 0) return inner_->Process(context, records, want, end);
    CreationCounter counter(context);  // of a source
    Status status = inner_->Process(counter, records, want, end);
    slice.created = counter.created();
    return status;
  }
  Status Close(bool cut_short) override { return inner_->Close(cut_short); }

 private:
  const uint32_t index_;
  std::unique_ptr<StageBody> inner_;
  TraceRecorder& recorder_;
};

}  // namespace

std::unique_ptr<StageBody> TraceStage(uint32_t index, std::unique_ptr<StageBody> stage, TraceRecorder& recorder) {
  return std::make_unique<TracedStage>(index, std::move(stage), recorder);
}

}  // namespace retort
