// The JSON header of a safetensors file, checked for itself; the file's size is for the caller to check.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tensor_file.h"

namespace retort {

struct SafetensorsEntry {
  ModelTensor tensor;           // without data
  uint64_t begin = 0, end = 0;  // after the header; end - begin is what shape and type need
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Errors: kDataLoss, kUnsupported (a type that is not the format's); messages name the tensor.
Status ParseSafetensorsHeader(std::string_view text, SafetensorsHeader* out);

}  // namespace retort
