// The bytes of a GGUF file, version 3: metadata entries, and what stands before the tensors' data.
// Format: github.com/ggml-org/ggml, docs/gguf.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace retort {

/// A metadata value with the width that it has in the file.
using GgufScalarOrList = std::variant<uint32_t, int32_t, int64_t, uint64_t, float, double, bool, std::string,
                                      std::vector<std::string>, std::vector<int32_t>, std::vector<float>>;

/// A metadata entry as it stands in a file.
std::string EncodeGgufEntry(std::string_view key, const GgufScalarOrList& value);

/// A tensor to be written: what its data will be.
struct GgufTensorHead {
  std::string name;
  uint32_t ggml_type = 0;
  std::vector<int64_t> shape;  // innermost first
  size_t bytes = 0;
};

struct GgufLayout {
  std::string head;             // up to the first tensor's data
  std::vector<size_t> offsets;  // of each tensor's data in the file, ascending: what lies between is zero
  size_t file_bytes = 0;        // whole, filled up to the alignment, as llama.cpp expects it
};

/// Lay out a file. `entries` are encoded; `alignment` (a power of two) is what the entry general.alignment says, or 32.
GgufLayout LayOutGguf(const std::vector<std::string>& entries, const std::vector<GgufTensorHead>& tensors,
                      size_t alignment, uint32_t version = 3);

}  // namespace retort
