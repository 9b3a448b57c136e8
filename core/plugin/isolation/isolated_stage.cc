#include "core/plugin/isolation/isolated_stage.h"

#include <utility>

namespace retort {
namespace {

Status GiveAway(StageContext& context, const Answer::Outcome& outcome, Record* record) {
  switch (outcome.way) {
    case Answer::Way::kEmit: return context.Emit(outcome.port, record);
    case Answer::Way::kComplete: return context.Complete(record);
    case Answer::Way::kFail: return context.Fail(record, {outcome.code, outcome.text});
    case Answer::Way::kSkip: return context.Skip(record, outcome.text);
  }
  return Internal("a record went a way that there is not");
}

Result<Record*> Make(StageContext& context, Answer::Made& made) {
  RETORT_ASSIGN_OR_RETURN(Record* const record, context.Create());
  record->line = made.line;
  record->bytes = made.bytes;
  record->id = std::move(made.id);
  record->line_text = std::move(made.line_text);
  return record;
}

}  // namespace

IsolatedStage::IsolatedStage(const StageDescriptor& descriptor, StageConfig config, IsolationOptions options)
    : descriptor_(descriptor), config_(std::move(config)), options_(std::move(options)) {}

Result<std::unique_ptr<IsolatedStage>> IsolatedStage::Create(const StageDescriptor& descriptor, StageConfig config,
                                                             IsolationOptions options) {
  std::unique_ptr<IsolatedStage> stage(new IsolatedStage(descriptor, std::move(config), std::move(options)));
  RETORT_RETURN_IF_ERROR(stage->Start());
  return stage;
}

/// Errors of the plugin's create bear the stage's name already.
Status IsolatedStage::Start() {
  auto started = StageProcess::Start({.program = options_.program,
                                      .stage = config_.stage_name,
                                      .reads_stdin = descriptor_.is_source(),
                                      .timeout = options_.timeout});
  if (!started.ok()) return Named(started.status());
  process_ = *std::move(started);
  return Ask(EncodeCreate(descriptor_, config_));
}

/// A request whose answer is a status alone.
Status IsolatedStage::Ask(std::string_view request) {
  const auto frame = process_->Ask(request);
  if (!frame.ok()) {
    process_.reset();
    return Named(frame.status());
  }
  const auto answer = DecodeAnswer(*frame, {});
  if (answer.ok()) return answer->status;
  const Status condemned = process_->Condemn("sent " + answer.status().message());
  process_.reset();
  return Named(condemned);
}

Status IsolatedStage::Open() { return Ask(EncodeBare(Request::kOpen)); }

/// For a call, after the last process has ended.
Status IsolatedStage::Restart() {
  if (deaths_ >= kMaxDeathsInARow || (deaths_ > 0 && descriptor_.outputs.empty())) return last_death_;
  Status status = Start();
  if (status.ok()) status = Open();
  return status.ok() ? status : Mourn(status);
}

Status IsolatedStage::Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) {
  if (!process_) RETORT_RETURN_IF_ERROR(Restart());
  const auto frame = process_->Ask(EncodeProcess(records, want), &context);
  if (!frame.ok() && frame.status().code() == StatusCode::kInvalidArgument) return frame.status();
  if (!frame.ok()) return Mourn(frame.status());
  auto answer = DecodeAnswer(*frame, {records.size(), want, descriptor_.outputs.size()});
  if (!answer.ok()) return Mourn(process_->Condemn("sent " + answer.status().message()));
  deaths_ = 0;
  return Apply(*answer, context, records, end);
}

/// The process is gone: what this call, and the next, are told.
Status IsolatedStage::Mourn(const Status& how) {
  process_.reset();
  ++deaths_;
  const std::string try_it = "; to find out why, run it alone" +
                             std::string(descriptor_.is_source() ? "" : " over the records in the dead-letter file") +
                             ", with `retort stage run " + descriptor_.name + "`";
  if (descriptor_.outputs.empty()) {
    // The output takes nothing any more: the engine ends the run.
    last_death_ = ResourceExhausted(how.message() +
                                    "; a stage without outputs gets no second process, which could replace what the "
                                    "first one wrote" +
                                    try_it);
    return last_death_;
  }
  if (deaths_ < kMaxDeathsInARow) return {how.code(), how.message() + try_it};
  last_death_ = {how.code(), "its processes ended " + std::to_string(deaths_) +
                                 " times in a row without a call that ended, so that no more are started; the last "
                                 "time: " +
                                 how.message() + try_it};
  return last_death_;
}

Status IsolatedStage::Apply(Answer& answer, StageContext& context, std::span<Record* const> given, bool* end) {
  std::vector<Record*> records(given.begin(), given.end());
  for (Answer::Made& made : answer.made) {
    RETORT_ASSIGN_OR_RETURN(Record* const record, Make(context, made));
    records.push_back(record);
  }
  for (Answer::Changed& changed : answer.changed) {
    records[changed.record]->json = std::move(changed.json);
    records[changed.record]->json_views.clear();
  }
  for (const Answer::Outcome& outcome : answer.outcomes)
    RETORT_RETURN_IF_ERROR(GiveAway(context, outcome, records[outcome.record]));
  for (const auto& [name, amount] : answer.counts) context.Count(name, amount);
  for (const auto& [name, value] : answer.samples) context.Sample(name, value);
  *end = answer.end;
  return answer.status;
}

Status IsolatedStage::Close(bool cut_short) {
  if (!process_) return {};  // what it held has ended with it
  const Status closed = Ask(EncodeClose(cut_short));
  process_.reset();
  return closed;
}

Status IsolatedStage::Named(const Status& status) const {
  return status.Annotate("stage `" + config_.stage_name + "` (" + descriptor_.name + ")");
}

}  // namespace retort
