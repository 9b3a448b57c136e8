// The records that `retort lossless` runs a pipeline on.
#pragma once

#include <string>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

/// The objects of a JSONL file or, where `path` is empty, built-in ones with the field `prompt`; ids are left out.
/// Errors: kNotFound, kInvalidArgument (a line that is no object, an empty file) naming file and line.
Result<std::vector<std::string>> ReadPrompts(const std::string& path);

/// Write `count` records to `path`, the prompts in turn, each with an id of its own. Errors: kResourceExhausted.
Status WriteRecords(const std::vector<std::string>& prompts, size_t count, const std::string& path);

}  // namespace retort::cli
