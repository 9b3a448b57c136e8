// The answer of a stage's process, written there and checked here.
#include "core/plugin/isolation/messages.h"

namespace retort {
namespace {

Status Wrong(const std::string& what) { return Internal("an answer that cannot be right: " + what); }

Result<StatusCode> ReadCode(WireReader& in) {
  const auto code = in.Number<int32_t>();
  if (code < 0 || code > static_cast<int32_t>(StatusCode::kInternal))
    return Wrong("there is no status " + std::to_string(code));
  return static_cast<StatusCode>(code);
}

void Write(WireWriter& out, const Answer::Outcome& outcome) {
  out.Number(outcome.way);
  out.Number(outcome.record);
  out.Number(outcome.port);
  out.Number(outcome.code);
  out.Text(outcome.text);
}

Result<Answer::Outcome> ReadOutcome(WireReader& in, const AnswerBounds& bounds, std::vector<bool>& given_away) {
  Answer::Outcome outcome;
  const auto way = in.Number<uint8_t>();
  outcome.record = in.Number<uint32_t>();
  outcome.port = in.Number<uint32_t>();
  RETORT_ASSIGN_OR_RETURN(outcome.code, ReadCode(in));
  outcome.text = in.Text();
  if (way > static_cast<uint8_t>(Answer::Way::kSkip)) return Wrong("a record went a way that there is not");
  outcome.way = static_cast<Answer::Way>(way);
  if (outcome.record >= given_away.size() || given_away[outcome.record])
    return Wrong("a record that is not in the call, or went before");
  if (outcome.way == Answer::Way::kEmit && outcome.port >= bounds.outputs)
    return Wrong("output port " + std::to_string(outcome.port) + " of " + std::to_string(bounds.outputs));
  given_away[outcome.record] = true;
  return outcome;
}

Status ReadMade(WireReader& in, const AnswerBounds& bounds, Answer& answer) {
  const uint64_t count = in.Count(4 * sizeof(uint64_t));
  if (count > bounds.want) return Wrong("more records made than were wanted");
  answer.made.resize(count);
  for (Answer::Made& made : answer.made) {
    made.line = in.Number<uint64_t>();
    made.bytes = in.Number<uint64_t>();
    made.id = in.Text();
    made.line_text = in.Text();
  }
  return {};
}

Status ReadChanged(WireReader& in, size_t records, Answer& answer) {
  for (uint64_t left = in.Count(sizeof(uint32_t) + sizeof(uint64_t)); left > 0; --left) {
    Answer::Changed changed{.record = in.Number<uint32_t>()};
    auto json = ParseJson(in.Text());
    if (!json.ok()) return Wrong("a record: " + json.status().message());
    if (changed.record >= records || !json->is_object()) return Wrong("a record that is no record of the call");
    changed.json = *std::move(json);
    answer.changed.push_back(std::move(changed));
  }
  return {};
}

void ReadMetrics(WireReader& in, Answer& answer) {
  constexpr uint64_t kLeast = sizeof(uint64_t) + sizeof(double);
  for (uint64_t left = in.Count(kLeast); left > 0; --left) {
    std::string name(in.Text());
    answer.counts[std::move(name)] = in.Number<double>();
  }
  for (uint64_t left = in.Count(kLeast); left > 0; --left) {
    std::string name(in.Text());
    answer.samples.emplace_back(std::move(name), in.Number<double>());
  }
}

}  // namespace

std::string EncodeAnswer(const Answer& answer) {
  WireWriter out;
  out.Number(answer.status.code());
  out.Text(answer.status.message());
  out.Number(static_cast<uint8_t>(answer.end));
  out.Number(static_cast<uint64_t>(answer.made.size()));
  for (const Answer::Made& made : answer.made) {
    out.Number(made.line);
    out.Number(made.bytes);
    out.Text(made.id);
    out.Text(made.line_text);
  }
  out.Number(static_cast<uint64_t>(answer.outcomes.size()));
  for (const Answer::Outcome& outcome : answer.outcomes) Write(out, outcome);
  out.Number(static_cast<uint64_t>(answer.changed.size()));
  for (const Answer::Changed& changed : answer.changed) {
    out.Number(changed.record);
    out.Text(changed.text);
  }
  out.Number(static_cast<uint64_t>(answer.counts.size()));
  for (const auto& [name, amount] : answer.counts) {
    out.Text(name);
    out.Number(amount);
  }
  out.Number(static_cast<uint64_t>(answer.samples.size()));
  for (const auto& [name, value] : answer.samples) {
    out.Text(name);
    out.Number(value);
  }
  return out.Take();
}

Result<Answer> DecodeAnswer(std::string_view frame, const AnswerBounds& bounds) {
  WireReader in(frame);
  Answer answer;
  RETORT_ASSIGN_OR_RETURN(const StatusCode code, ReadCode(in));
  const std::string_view message = in.Text();
  if (code != StatusCode::kOk) answer.status = {code, std::string(message)};
  answer.end = in.Number<uint8_t>() != 0;
  RETORT_RETURN_IF_ERROR(ReadMade(in, bounds, answer));
  std::vector<bool> given_away(bounds.given + answer.made.size());
  for (uint64_t left = in.Count(sizeof(uint64_t)); left > 0; --left) {
    RETORT_ASSIGN_OR_RETURN(Answer::Outcome outcome, ReadOutcome(in, bounds, given_away));
    answer.outcomes.push_back(std::move(outcome));
  }
  RETORT_RETURN_IF_ERROR(ReadChanged(in, given_away.size(), answer));
  ReadMetrics(in, answer);
  if (!in.AtEnd()) return Wrong("it ends too soon or too late");
  return answer;
}

}  // namespace retort
