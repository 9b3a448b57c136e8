// The completions in a pipeline's output file.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "retort/status.h"

namespace retort::cli {

/// Texts by their record's `id`, or line number where it has none; several of one id in the file's order.
using Completions = std::map<std::string, std::deque<std::string>>;

/// Field `completion` of a JSONL file's records. Errors: kNotFound (no such file), kDataLoss (a line that is no object
/// with that field; names file and line).
Result<Completions> ReadCompletions(const std::string& path);

}  // namespace retort::cli
