// A GGUF file written anew with its matrices in another type: `retort models quantize`.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/gguf.h"

namespace retort {

struct QuantiseOptions {
  DType type = DType::kQ8_0;         // of the matrices
  std::optional<DType> output_type;  // of output.weight; default: `type`
  std::optional<DType>
      embedding_type;    // of token_embd.weight, which is the output matrix too where the file has no other
  int threads = 0;       // 0 = all
  bool replace = false;  // an older file of this name may go
  /// After each piece, with the bytes written and those of the whole; false ends the work with kCancelled.
  std::function<bool(size_t, size_t)> progress;
};

struct QuantiseReport {
  size_t converted = 0;           // matrices in another type now
  size_t unchanged = 0;           // matrices that had their type already
  std::vector<std::string> kept;  // matrices whose rows do not divide into the type's blocks: they keep theirs
  size_t bytes = 0;               // of the new file
};

/// Write `file` to `path`. Metadata is copied as it is, but for general.file_type and general.quantization_version.
/// Tensors of one dimension become floats. What matrices become is what `weights: TYPE` makes of them at load. A piece
/// of some megabytes is held at a time; the file appears under its name when it is whole. Errors: kInvalidArgument (an
/// output type for a file without an output matrix), kUnsupported (a tensor of a type that this build cannot read),
/// kDataLoss (a weight that is no finite number), kCancelled, those of NewFile.
Result<QuantiseReport> QuantiseModel(const GgufFile& file, const std::string& path, const QuantiseOptions& options);

}  // namespace retort
