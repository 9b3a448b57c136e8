#include "core/graph/engine/call.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <oneapi/tbb/task_arena.h>

#include "core/plugin/call_faults.h"

namespace retort {
namespace {

void AddSamples(const StageStats::Distribution& part, StageStats::Distribution& whole) {
  if (part.count == 0) return;
  whole.min = whole.count == 0 ? part.min : std::min(whole.min, part.min);
  whole.max = whole.count == 0 ? part.max : std::max(whole.max, part.max);
  whole.sum += part.sum;
  whole.count += part.count;
}

}  // namespace

Call::Call(Stage& stage, Admission& admission, const std::atomic<StopLevel>& stop, uint32_t max_cycles)
    : ports(stage.ports.size()), stage_(stage), admission_(admission), stop_(stop), max_cycles_(max_cycles) {}

void Call::Run(Chain batch) {
  records_.clear();
  given_ = 0;
  while (Record* record = batch.Pop()) {
    record->holder.store(this, std::memory_order_relaxed);
    records_.push_back(record);
  }
  bool end = false;
  status_ = Process(0, &end);
  if (given_ != records_.size()) FailForgotten(status_);
  ++tally_.calls;
  tally_.records_in += records_.size();
  batches_.Add(static_cast<double>(records_.size()));
}

bool Call::RunSource(const Admission::Grant& grant) {
  records_.clear();
  given_ = 0;
  created_ = 0;
  want_ = grant.records;
  bool end = false;
  status_ = Process(grant.records, &end);
  if (given_ != records_.size()) FailForgotten(status_);
  Admission::Grant made{.records = created_, .bytes = 0};
  uint64_t largest = 0;
  for (Record* record : records_) {
    if (record->bytes == 0 && !record->json.is_null()) {
      record->bytes = record->json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).size();
    }
    made.bytes += record->bytes;
    largest = std::max(largest, record->bytes);
  }
  admission_.Settle(grant, made, largest);
  ++tally_.calls;
  return !end && status_.ok();
}

Status Call::Process(size_t want, bool* end) {
  auto guarded = [&]() noexcept -> Status {
    try {
      return stage_.body->Process(*this, records_, want, end);
    } catch (const std::exception& error) {
      return Internal(std::string("an exception escaped: ") + error.what());
    } catch (...) {
      return Internal("an exception of unknown type escaped");
    }
  };
  // While the body waits for a parallel loop of its own, this thread must not pick up another stage's call: that call
  // could wait for a lock that the body holds, and its time would count as this body's.
  return stage_.thread ? guarded() : tbb::this_task_arena::isolate(guarded);
}

Status Call::Take(Record* record, const char* what) {
  if (record == nullptr || record->holder.load(std::memory_order_relaxed) != this) {
    return RecordNotInCall(stage_.options.name, what, record == nullptr);
  }
  record->holder.store(nullptr, std::memory_order_relaxed);
  ++given_;
  return {};
}

Status Call::Emit(uint32_t port, Record* record) {
  if (port >= ports.size()) return NoSuchPort(stage_.options.name, port, ports.size());
  RETORT_RETURN_IF_ERROR(Take(record, "emitted"));
  ++tally_.records_out;
  const Stage::Port& out = stage_.ports[port];
  if (out.to == nullptr) {
    completed.Append(record);
    return {};
  }
  if (out.back && ++record->cycles > max_cycles_) {
    AddFailure(record, ResourceExhausted("took the back edge " + stage_.options.name + " -> " + out.to->options.name +
                                         " beyond the bound of " + std::to_string(max_cycles_) +
                                         " back edges a record (max_cycles); raise it or let the stage finish sooner"));
    return {};
  }
  record->stage = out.to->index;
  ports[port].Append(record);
  return {};
}

Status Call::Complete(Record* record) {
  RETORT_RETURN_IF_ERROR(Take(record, "completed"));
  completed.Append(record);
  return {};
}

Status Call::Fail(Record* record, Status why) {
  RETORT_RETURN_IF_ERROR(Take(record, "failed"));
  if (why.ok()) why = Internal("failed the record without a reason: Fail was given an OK status");
  AddFailure(record, why);
  return {};
}

Status Call::Skip(Record* record, std::string_view reason) {
  RETORT_RETURN_IF_ERROR(Take(record, "skipped"));
  Count("skipped: " + std::string(reason), 1);
  skipped.Append(record);
  return {};
}

bool Call::Cancelled() const {
  return stop_.load(std::memory_order_relaxed) >= (stage_.source() ? StopLevel::kDrain : StopLevel::kStop);
}

Result<Record*> Call::Create() {
  if (!stage_.source()) return OnlySourcesCreate(stage_.options.name);
  if (created_ == want_) return NoMoreWanted(stage_.options.name, want_);
  Record* record = admission_.Create();
  ++created_;
  record->stage = stage_.index;
  record->holder.store(this, std::memory_order_relaxed);
  records_.push_back(record);
  return record;
}

void Call::Count(std::string_view metric, double amount) { tally_.counters[std::string(metric)] += amount; }

void Call::Sample(std::string_view metric, double value) { tally_.samples[std::string(metric)].Add(value); }

void Call::AddFailure(Record* record, const Status& why) {
  ++tally_.failed;
  failures.push_back({record, stage_.options.name, why.Annotate("stage '" + stage_.options.name + "'")});
}

void Call::FailForgotten(const Status& status) {
  const bool given_up = status.ok() || status.code() == StatusCode::kCancelled;
  const bool stopped = given_up && stop_.load(std::memory_order_relaxed) == StopLevel::kStop;
  for (Record* record : records_) {
    if (record->holder.load(std::memory_order_relaxed) != this) continue;
    record->holder.store(nullptr, std::memory_order_relaxed);
    if (stopped) {
      cancelled.Append(record);
    } else {
      AddFailure(
          record,
          !status.ok()
              ? status
              : Internal(
                    "forgot the record: the call returned without having emitted, completed, failed or skipped it"));
    }
  }
}

void Call::MoveStats(StageStats& whole, StageStats::Distribution& sizes) {
  whole.calls += std::exchange(tally_.calls, 0);
  whole.records_in += std::exchange(tally_.records_in, 0);
  whole.records_out += std::exchange(tally_.records_out, 0);
  whole.failed += std::exchange(tally_.failed, 0);
  for (const auto& [name, amount] : tally_.counters) whole.counters[name] += amount;
  for (const auto& [name, more] : tally_.samples) AddSamples(more, whole.samples[name]);
  AddSamples(batches_, sizes);
  if (!tally_.counters.empty()) tally_.counters.clear();
  if (!tally_.samples.empty()) tally_.samples.clear();
  batches_ = {};
}

}  // namespace retort
