// What a model's file says about itself, as text for people: `retort models inspect`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/gguf.h"

namespace retort {

struct ModelInspection {
  struct Entry {
    std::string key, value;  // strings quoted and cut, control characters escaped; lists by length and first items
  };
  struct Tensor {
    std::string name, type, shape;  // shape as [rows, columns]
    int64_t elements = 0;
    size_t bytes = 0;  // 0 where the type is not supported
  };
  struct TypeTotal {
    std::string type;
    bool supported = false;
    size_t tensors = 0, bytes = 0;
    int64_t elements = 0;
  };
  std::string path;
  std::string format;  // "GGUF version 3"
  size_t file_bytes = 0;
  int64_t parameters = 0;        // elements of all tensors
  std::vector<Entry> metadata;   // by key
  std::vector<Tensor> tensors;   // in the file's order
  std::vector<TypeTotal> types;  // by bytes, most first
};

ModelInspection InspectModel(const GgufFile& file);
/// Of any format: path, tensors and types only.
ModelInspection InspectTensors(const TensorFile& file);
/// Text that is safe to print; quoted and cut where the value is a string, else as it is.
ModelInspection::Entry InspectionEntry(std::string_view key, std::string_view value, bool quoted);

/// A table of everything in it, one line each, ending in a newline.
std::string InspectionText(const ModelInspection& inspection);

}  // namespace retort
