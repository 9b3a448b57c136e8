#include "core/plugin/isolation/child_call.h"

#include <utility>

#include "core/base/json_depth.h"
#include "core/plugin/call_faults.h"

namespace retort {

ChildCall::ChildCall(const StageDescriptor& descriptor, const std::string& stage, ProcessRequest& request,
                     const FrameChannel& channel)
    : descriptor_(descriptor), stage_(stage), request_(request), channel_(channel) {
  for (Record& record : request_.records) {
    record.stage = static_cast<uint32_t>(given_.size());  // its place in the call
    record.holder.store(this, std::memory_order_relaxed);
    given_.push_back(&record);
  }
}

Status ChildCall::Take(Record* record, const char* what, Answer::Outcome outcome) {
  if (record == nullptr || record->holder.load(std::memory_order_relaxed) != this)
    return RecordNotInCall(stage_, what, record == nullptr);
  record->holder.store(nullptr, std::memory_order_relaxed);
  outcome.record = record->stage;
  answer_.outcomes.push_back(std::move(outcome));
  return {};
}

Status ChildCall::Emit(uint32_t port, Record* record) {
  if (port >= descriptor_.outputs.size()) return NoSuchPort(stage_, port, descriptor_.outputs.size());
  return Take(record, "emitted", {.way = Answer::Way::kEmit, .port = port});
}

Status ChildCall::Complete(Record* record) { return Take(record, "completed", {.way = Answer::Way::kComplete}); }

Status ChildCall::Fail(Record* record, Status why) {
  return Take(record, "failed", {.way = Answer::Way::kFail, .code = why.code(), .text = why.message()});
}

Status ChildCall::Skip(Record* record, std::string_view reason) {
  return Take(record, "skipped", {.way = Answer::Way::kSkip, .text = std::string(reason)});
}

bool ChildCall::Cancelled() const { return channel_.HasInput(); }

Result<Record*> ChildCall::Create() {
  if (!descriptor_.is_source()) return OnlySourcesCreate(stage_);
  if (made_.size() == request_.want) return NoMoreWanted(stage_, request_.want);
  Record& record = made_.emplace_back();
  record.stage = static_cast<uint32_t>(made_.size() - 1);
  record.holder.store(this, std::memory_order_relaxed);
  return &record;
}

void ChildCall::Count(std::string_view metric, double amount) { answer_.counts[std::string(metric)] += amount; }

void ChildCall::Sample(std::string_view metric, double value) { answer_.samples.emplace_back(metric, value); }

/// Send back what the record has become. What the host would not read fails the record alone, not the call.
void ChildCall::AddChange(Answer::Outcome& outcome) {
  const bool own = outcome.record < given_.size();
  const Record& record = own ? *given_[outcome.record] : made_[outcome.record - given_.size()];
  if (!record.json.is_object()) return;  // a line that is no record
  std::string text = record.json.dump();
  if (own && text == request_.texts[outcome.record]) return;
  if (FindDeeperJson(text, kMaxJsonDepth) != text.npos) {
    outcome.way = Answer::Way::kFail;
    outcome.code = StatusCode::kInvalidArgument;
    outcome.text = "the stage nested the record deeper than " + std::to_string(kMaxJsonDepth) +
                   ", so that it cannot leave the stage's process; flatten the value";
    return;
  }
  answer_.changed.push_back({.record = outcome.record, .text = std::move(text)});
}

Answer ChildCall::Finish(Status status, bool end) {
  for (const Record& record : made_) {
    answer_.made.push_back(
        {.line = record.line, .bytes = record.bytes, .id = record.id, .line_text = record.line_text});
  }
  for (Answer::Outcome& outcome : answer_.outcomes) AddChange(outcome);
  answer_.status = std::move(status);
  answer_.end = end;
  return std::move(answer_);
}

}  // namespace retort
