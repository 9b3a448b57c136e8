// The sampler of a thread, set to what a record's sequence or a plugin asks for.
#pragma once

#include "core/model/sampler.h"
#include "core/plugin/record.h"

namespace retort {

/// This thread's sampler with the sequence's own settings; keeps its buffers. Errors: kNotFound before
/// sequence_set_sampling.
Result<Sampler*> OwnSampler(const Record& record);

/// What the record's field `sampling` says, over `params`: the names of SamplingParams, `logit_bias` as an object
/// {"TOKEN": number}, `allowed_tokens` as a list. Errors: kInvalidArgument naming the record, the key, what was
/// expected and what stands there.
Status ApplyRecordSampling(const Record& record, SamplingParams* params);

}  // namespace retort
