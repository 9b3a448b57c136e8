#include "core/model/tensor_file.h"

#include <algorithm>

namespace retort {

int64_t ModelTensor::elements() const {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  return n;
}

std::string TensorFile::ShapeText(std::span<const int64_t> shape) const {
  std::string text = "[";
  for (const int64_t size : shape) text.append(text.size() > 1 ? ", " : "").append(std::to_string(size));
  return text + "]";
}

Result<const ModelTensor*> TensorFile::GetTensor(std::string_view name, std::span<const int64_t> shape) const {
  const ModelTensor* const tensor = FindTensor(name);
  const std::string where = path() + ": tensor '" + OwnName(name) + "'";
  if (tensor == nullptr) return NotFound(where + " is missing");
  if (!tensor->supported) {
    return Unsupported(where + " has type " + tensor->type_name +
                       "; supported are f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k: convert the " +
                       "model to one of these");
  }
  if (!std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end())) {
    return InvalidArgument(where + ": expected shape " + ShapeText(shape) + " from the metadata, got " +
                           ShapeText(tensor->shape));
  }
  return tensor;
}

}  // namespace retort
