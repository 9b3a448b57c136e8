// Typed access to what a GGUF file holds.
#include "core/model/gguf.h"

namespace retort {
namespace {

const char* KindName(const GgufValue& value) {
  static constexpr const char* kNames[] = {"an integer", "a float", "a boolean", "a string"};
  static constexpr const char* kArrayNames[] = {"a list of integers", "a list of floats", "a list of booleans",
                                                "a list of strings"};
  if (const auto* array = std::get_if<GgufArray>(&value)) return kArrayNames[array->index()];
  return kNames[value.index()];
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t size : shape) text.append(text.size() > 1 ? ", " : "").append(std::to_string(size));
  return text + "]";
}

template <typename T>
Result<const T*> Get(const GgufFile& file, std::string_view key, const char* expected) {
  const GgufValue* const value = file.Find(key);
  if (value == nullptr) return NotFound(file.path() + ": metadata '" + std::string(key) + "' is missing");
  const T* found = nullptr;
  if constexpr (std::is_constructible_v<GgufArray, T>) {
    if (const auto* array = std::get_if<GgufArray>(value)) found = std::get_if<T>(array);
  } else {
    found = std::get_if<T>(value);
  }
  if (found != nullptr) return found;
  return InvalidArgument(file.path() + ": metadata '" + std::string(key) + "': expected " + expected + ", got " +
                         KindName(*value));
}

}  // namespace

const GgufValue* GgufFile::Find(std::string_view key) const {
  const auto it = metadata_.find(key);
  return it == metadata_.end() ? nullptr : &it->second;
}

Result<std::string_view> GgufFile::GetString(std::string_view key) const {
  RETORT_ASSIGN_OR_RETURN(const auto* value, Get<std::string_view>(*this, key, "a string"));
  return *value;
}
Result<int64_t> GgufFile::GetInt(std::string_view key) const {
  RETORT_ASSIGN_OR_RETURN(const auto* value, Get<int64_t>(*this, key, "an integer"));
  return *value;
}
Result<double> GgufFile::GetFloat(std::string_view key) const {
  if (const GgufValue* value = Find(key); value != nullptr && std::holds_alternative<int64_t>(*value)) {
    return static_cast<double>(std::get<int64_t>(*value));
  }
  RETORT_ASSIGN_OR_RETURN(const auto* value, Get<double>(*this, key, "a float"));
  return *value;
}
Result<bool> GgufFile::GetBool(std::string_view key) const {
  RETORT_ASSIGN_OR_RETURN(const auto* value, Get<bool>(*this, key, "a boolean"));
  return *value;
}
Result<const std::vector<std::string_view>*> GgufFile::GetStrings(std::string_view key) const {
  return Get<std::vector<std::string_view>>(*this, key, "a list of strings");
}
Result<const std::vector<int64_t>*> GgufFile::GetInts(std::string_view key) const {
  return Get<std::vector<int64_t>>(*this, key, "a list of integers");
}
Result<const std::vector<double>*> GgufFile::GetFloats(std::string_view key) const {
  return Get<std::vector<double>>(*this, key, "a list of floats");
}

const GgufTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto it = tensor_index_.find(name);
  return it == tensor_index_.end() ? nullptr : &tensors_[it->second];
}

Result<const GgufTensor*> GgufFile::GetTensor(std::string_view name, std::span<const int64_t> shape) const {
  const GgufTensor* const tensor = FindTensor(name);
  const std::string where = path_ + ": tensor '" + std::string(name) + "'";
  if (tensor == nullptr) return NotFound(where + " is missing");
  if (!tensor->supported) {
    return Unsupported(where + " has type " + GgmlTypeName(tensor->ggml_type) +
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
