#include "core/decode/sirius_loop.h"

#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "core/model/logit_row.h"

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Acceptance AcceptanceOf(const std::optional<double>& threshold) {
  if (!threshold) return {.rule = AcceptanceRule::kGreedy};
  return {.rule = AcceptanceRule::kThreshold, .threshold = *threshold};
}

}  // namespace

SiriusLoop::SiriusLoop(Model& model, std::unique_ptr<KvSequence> kv, int32_t token, SiriusSetting setting)
    : model_(&model),
      kv_(std::move(kv)),
      token_(token),
      period_(setting.period),
      part_(LayerChoice::All(model.hyper().layers), std::move(setting.sparsity)),
      acceptance_(AcceptanceOf(setting.threshold)) {}

Result<SiriusLoop> SiriusLoop::Begin(Model& model, std::unique_ptr<KvSequence> kv, int32_t token,
                                     SiriusSetting setting) {
  if (setting.period < 2)
    return InvalidArgument("period: expected 2 tokens or more, got " + std::to_string(setting.period));
  SiriusLoop loop(model, std::move(kv), token, std::move(setting));
  RETORT_RETURN_IF_ERROR(loop.acceptance_.Check());
  // The copy of a shared page is no part of a step.
  RETORT_RETURN_IF_ERROR(loop.kv_->Reserve(static_cast<size_t>(loop.period_)));
  return loop;
}

bool SiriusLoop::ended() const {
  return model_->tokenizer().IsEndToken(token_) ||
         kv_->length() + static_cast<size_t>(period_) > static_cast<size_t>(model_->hyper().context_length);
}

Result<int32_t> SiriusLoop::Draft(int32_t token) {
  const ForwardItem item{kv_.get(), {&token, 1}, 0};
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model_->ForwardPart({&item, 1}, part_, &logits));
  RowPeak peak = FindPeak(logits);
  if (!model_->tokenizer().IsEndToken(peak.token)) return peak.token;
  row_.assign(logits.begin(), logits.end());
  while (peak.token >= 0 && model_->tokenizer().IsEndToken(peak.token)) {
    row_[static_cast<size_t>(peak.token)] = -std::numeric_limits<float>::infinity();
    peak = FindPeak(row_);
  }
  if (peak.token >= 0) return peak.token;
  return Internal("sparse step: every token that is left ends the text");
}

Result<SiriusCheck> SiriusLoop::Run() {
  const Clock::time_point start = Clock::now();
  const size_t begin = kv_->length();
  std::vector<int32_t> chunk = {token_};
  while (chunk.size() < static_cast<size_t>(period_)) {
    RETORT_ASSIGN_OR_RETURN(const int32_t drafted, Draft(chunk.back()));
    chunk.push_back(drafted);
  }
  RETORT_RETURN_IF_ERROR(kv_->Rewind(begin));
  const ForwardItem item{kv_.get(), chunk, 0};
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model_->Forward({&item, 1}, &logits));
  const auto vocab = static_cast<size_t>(model_->hyper().vocab);
  TargetRows rows(sampler_, logits, vocab, std::span(kv_->tokens()).first(begin + 1));
  Verdict verdict;
  RETORT_RETURN_IF_ERROR(VerifyDraft(acceptance_, {std::span(chunk).subspan(1)}, {}, rows, &verdict));
  const size_t kept = 1 + verdict.path.size();
  RETORT_RETURN_IF_ERROR(kv_->Rewind(begin + kept));
  token_ = verdict.token;
  SiriusCheck check{static_cast<int32_t>(kept), 1, token_, SecondsSince(start)};
  for (size_t i = 1; i < kept; ++i)
    check.agreed += FindPeak(logits.subspan((i - 1) * vocab, vocab)).token == chunk[i] ? 1 : 0;
  return check;
}

Result<double> SiriusLoop::TimePlainStep() {
  const size_t begin = kv_->length();
  const ForwardItem item{kv_.get(), {&token_, 1}, 0};
  std::span<const float> logits;
  const Clock::time_point start = Clock::now();
  RETORT_RETURN_IF_ERROR(model_->Forward({&item, 1}, &logits));
  const RowPeak peak = FindPeak(logits);
  const double seconds = SecondsSince(start);
  if (!peak.sound) return Internal("logits: expected finite values, got one that is NaN or infinite");
  RETORT_RETURN_IF_ERROR(kv_->Rewind(begin));
  return seconds;
}

}  // namespace retort
