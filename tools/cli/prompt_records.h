// The prompts of a JSONL file as tokens, as the stages `read-jsonl` and `prompt` would make them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace retort::cli {

/// At most `limit` prompts, spread over the file, which may hold kinds of them one after the other.
/// Errors: kNotFound (no such file), kInvalidArgument for a bad line (FILE:LINE) or a file without prompts.
Result<std::vector<std::vector<int32_t>>> ReadPrompts(const std::string& path, const Model& model, size_t limit);

/// A few prompts of several kinds, where the user names no file: as chat where the model has a template that is known,
/// else as plain texts. Errors: those of Encode.
Result<std::vector<std::vector<int32_t>>> SamplePrompts(const Model& model);

}  // namespace retort::cli
