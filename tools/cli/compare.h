// Compare the completions of two output files, record by record.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

struct TextDifference {
  std::string id;
  size_t byte = 0;          // where the completions part
  std::string left, right;  // a few characters around that place
};

struct Comparison {
  size_t records = 0;    // ids in both files
  size_t identical = 0;  // of these, with equal completions
  size_t left_only = 0, right_only = 0;
  std::vector<TextDifference> differences;  // the first `keep`

  bool same() const { return identical == records && left_only == 0 && right_only == 0; }
};

/// Compare field `completion` of the JSONL files `left` and `right`, matched by `id` (by order among equal ids).
/// Errors: kNotFound (no such file), kDataLoss (a line that is no object with `id` and `completion`; names file and
/// line).
Result<Comparison> CompareCompletions(const std::string& left, const std::string& right, size_t keep = 3);

}  // namespace retort::cli
