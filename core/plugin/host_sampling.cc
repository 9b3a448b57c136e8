// Host functions: how a sequence's tokens are drawn, from logits to a token or a distribution, and keyed random
// numbers.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/decode/chance.h"
#include "core/plugin/host_services.h"
#include "core/plugin/own_sampler.h"
#include "core/plugin/sequence_of.h"

namespace retort {
namespace {

// Those of a record are handed out as they lie.
static_assert(sizeof(LogitBias) == sizeof(retort_logit_bias) &&
              offsetof(LogitBias, bias) == offsetof(retort_logit_bias, bias));

/// This thread's sampler, which keeps its buffers.
Sampler* SamplerWith(const SamplingParams& params) {
  thread_local Sampler sampler{SamplingParams{}};
  if (!(params == sampler.params())) sampler.set_params(params);
  return &sampler;
}

Result<SamplingParams> FromAbi(const retort_sampling* sampling) {
  RETORT_RETURN_IF_ERROR(CheckStruct("retort_sampling", sampling));
  if (sampling->bias_count > 0) RETORT_RETURN_IF_ERROR(NotNull({{sampling->bias, "sampling.bias"}}));
  if (sampling->allowed_count > 0) RETORT_RETURN_IF_ERROR(NotNull({{sampling->allowed, "sampling.allowed"}}));
  SamplingParams params{.temperature = sampling->temperature,
                        .top_k = sampling->top_k,
                        .top_p = sampling->top_p,
                        .min_p = sampling->min_p,
                        .repetition_penalty = sampling->repetition_penalty,
                        .repetition_window = sampling->repetition_window};
  for (size_t i = 0; i < sampling->bias_count; ++i)
    params.logit_bias.push_back({sampling->bias[i].token, sampling->bias[i].bias});
  params.allowed.assign(sampling->allowed, sampling->allowed + sampling->allowed_count);
  RETORT_RETURN_IF_ERROR(params.Check());
  return params;
}

Result<Sampler*> SamplerFor(const retort_sampling* sampling) {
  RETORT_ASSIGN_OR_RETURN(const SamplingParams params, FromAbi(sampling));
  return SamplerWith(params);
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
    const Record& record = *FromHandle(handle);
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, sampling == nullptr ? OwnSampler(record) : SamplerFor(sampling));
    const BlockChance chance{record.run_seed, HashName(record.id), 0};
    const double u = sampler->params().temperature == 0 ? 0 : chance.Token(position);
    const Result<int32_t> drawn = sampler->Sample({logits, vocab}, {history, history_count}, u);
    if (!drawn.ok()) return drawn.status().Annotate("record " + record.id + ", position " + std::to_string(position));
    *token = *drawn;
    return {};
  });
}

retort_code Distribution(const retort_sampling* sampling, const float* logits, size_t vocab, const int32_t* history,
                         size_t history_count, float* probabilities) {
  return HostCall([&]() -> Status {
    thread_local std::vector<float> row;
    RETORT_RETURN_IF_ERROR(NotNull({{probabilities, "probabilities"}}));
    RETORT_RETURN_IF_ERROR(CheckRow(logits, vocab, history, history_count));
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, SamplerFor(sampling));
    RETORT_RETURN_IF_ERROR(sampler->Probabilities({logits, vocab}, {history, history_count}, &row));
    std::copy(row.begin(), row.end(), probabilities);
    return {};
  });
}

retort_code SequenceSetSampling(retort_record* handle, const retort_sampling* sampling) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(SequenceOf(handle).status());
    Record& record = *FromHandle(handle);
    if (record.sampling != nullptr) return {};
    RETORT_ASSIGN_OR_RETURN(SamplingParams params, FromAbi(sampling));
    RETORT_RETURN_IF_ERROR(ApplyRecordSampling(record, &params));
    record.sampling = std::make_unique<SamplingParams>(std::move(params));
    return {};
  });
}

retort_code SequenceSampling(const retort_record* handle, retort_sampling* sampling) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_sampling", sampling));
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    const Record& record = *FromHandle(handle);
    RETORT_RETURN_IF_ERROR(OwnSampler(record).status());
    const SamplingParams& own = *record.sampling;
    FillStruct(sampling, retort_sampling{sizeof *sampling, own.top_k, own.temperature, own.top_p, own.min_p,
                                         own.repetition_penalty, own.repetition_window, 0,
                                         reinterpret_cast<const retort_logit_bias*>(own.logit_bias.data()),
                                         own.logit_bias.size(), own.allowed.data(), own.allowed.size()});
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

Result<Sampler*> OwnSampler(const Record& record) {
  if (record.sampling != nullptr) return SamplerWith(*record.sampling);
  return NotFound("record " + record.id + ": no stage has said yet how its tokens are drawn (sequence_set_sampling)");
}

void FillSamplingServices(retort_host& host) {
  host.sequence_set_sampling = SequenceSetSampling;
  host.sequence_sampling = SequenceSampling;
  host.sample = Sample;
  host.distribution = Distribution;
  host.random_uniform = UniformNumber;
}

}  // namespace retort
