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

std::vector<const ModelTensor*> GgufFile::AllTensors() const {
  std::vector<const ModelTensor*> all;
  all.reserve(tensors_.size());
  for (const GgufTensor& tensor : tensors_) all.push_back(&tensor);
  return all;
}

}  // namespace retort
