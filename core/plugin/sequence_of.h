// What host functions ask of a record's sequence before they use it.
#pragma once

#include <string>

#include "core/model/generation.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"

namespace retort {

/// The record's sequence. Errors: kNotFound before sequence_begin.
inline Result<Generation*> SequenceOf(const retort_record* handle) {
  RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
  const Record& record = *FromHandle(handle);
  if (record.generation != nullptr) return record.generation.get();
  return NotFound("record " + record.id + " has no sequence; a stage such as `prompt` begins it with sequence_begin");
}

/// kInvalidArgument naming the first token outside of the sequence's vocabulary.
inline Status CheckTokens(const Record& record, const char* what, const int32_t* tokens, size_t count) {
  if (count > 0) RETORT_RETURN_IF_ERROR(NotNull({{tokens, what}}));
  for (size_t i = 0; i < count; ++i) {
    if (tokens[i] >= 0 && tokens[i] < record.vocab) continue;
    return InvalidArgument("record " + record.id + ": " + what + "[" + std::to_string(i) +
                           "]: expected a token from 0 to " + std::to_string(record.vocab - 1) + ", got " +
                           std::to_string(tokens[i]));
  }
  return {};
}

}  // namespace retort
