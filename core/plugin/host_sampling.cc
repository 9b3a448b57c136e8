// Host functions: from logits to a token or a distribution, and keyed random numbers.
#include <algorithm>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/model/sampler.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

bool Same(const SamplingParams& a, const SamplingParams& b) {
  return a.temperature == b.temperature && a.top_k == b.top_k && a.top_p == b.top_p && a.min_p == b.min_p &&
         a.repetition_penalty == b.repetition_penalty && a.repetition_window == b.repetition_window;
}

/// This thread's sampler, which keeps its buffers while the settings stay the same.
Result<Sampler*> SamplerFor(const retort_sampling* sampling) {
  thread_local Sampler sampler{SamplingParams{}};
  RETORT_RETURN_IF_ERROR(CheckStruct("retort_sampling", sampling));
  const SamplingParams params{.temperature = sampling->temperature,
                              .top_k = sampling->top_k,
                              .top_p = sampling->top_p,
                              .min_p = sampling->min_p,
                              .repetition_penalty = sampling->repetition_penalty,
                              .repetition_window = sampling->repetition_window};
  if (Same(params, sampler.params())) return &sampler;
  RETORT_RETURN_IF_ERROR(params.Check());
  sampler = Sampler(params);
  return &sampler;
}

Status CheckRow(const float* logits, size_t vocab, const int32_t* history, size_t history_count) {
  RETORT_RETURN_IF_ERROR(NotNull({{logits, "logits"}}));
  if (vocab > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    return InvalidArgument("vocab: larger than 2^31 - 1");
  if (history_count > 0) return NotNull({{history, "history"}});
  return {};
}

retort_code Sample(retort_record* handle, const retort_sampling* sampling, const float* logits, size_t vocab,
                   const int32_t* history, size_t history_count, uint64_t position, int32_t* token) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}, {token, "token"}}));
    RETORT_RETURN_IF_ERROR(CheckRow(logits, vocab, history, history_count));
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, SamplerFor(sampling));
    const Record& record = *FromHandle(handle);
    const double u = sampler->params().temperature == 0
                         ? 0
                         : RandomUniform({record.run_seed, HashName(record.id), HashName("sample"), position, 0});
    const Result<int32_t> drawn = sampler->Sample({logits, vocab}, {history, history_count}, u);
    if (!drawn.ok()) return drawn.status().Annotate("record " + record.id + ", position " + std::to_string(position));
    *token = *drawn;
    return {};
  });
}

retort_code Distribution(const retort_sampling* sampling, const float* logits, size_t vocab, const int32_t* history,
                         size_t history_count, float* probabilities) {
  return HostCall([&]() -> Status {
    thread_local std::vector<TokenProbability> likely;
    RETORT_RETURN_IF_ERROR(NotNull({{probabilities, "probabilities"}}));
    RETORT_RETURN_IF_ERROR(CheckRow(logits, vocab, history, history_count));
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, SamplerFor(sampling));
    RETORT_RETURN_IF_ERROR(sampler->Distribution({logits, vocab}, {history, history_count}, &likely));
    std::fill_n(probabilities, vocab, 0.0f);
    for (const TokenProbability& item : likely) probabilities[item.token] = item.probability;
    return {};
  });
}

double UniformNumber(const retort_record* handle, retort_string stream, uint64_t position, uint32_t draw) {
  if (handle == nullptr) {
    ReportCode(InvalidArgument("record: expected a pointer, got null"));
    return 0;
  }
  const Record& record = *FromHandle(handle);
  return RandomUniform({record.run_seed, HashName(record.id), HashName(ViewOf(stream)), position, draw});
}

}  // namespace

void FillSamplingServices(retort_host& host) {
  host.sample = Sample;
  host.distribution = Distribution;
  host.random_uniform = UniformNumber;
}

}  // namespace retort
