#include "core/model/safetensors_header.h"

#include <algorithm>

#include "core/model/json_text.h"

namespace retort {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxElements = uint64_t{1} << 48;
constexpr size_t kMaxRank = 8;
constexpr size_t kMaxName = 65535;  // bytes, as for GGUF

struct TypeEntry {
  const char* name;
  uint64_t bytes;
  bool supported;
  DType type;
};
constexpr TypeEntry kTypes[] = {
    {"F32", 4, true, DType::kF32}, {"F16", 2, true, DType::kF16}, {"BF16", 2, true, DType::kBF16},
    {"F64", 8, false, {}},         {"I64", 8, false, {}},         {"I32", 4, false, {}},
    {"I16", 2, false, {}},         {"I8", 1, false, {}},          {"U64", 8, false, {}},
    {"U32", 4, false, {}},         {"U16", 2, false, {}},         {"U8", 1, false, {}},
    {"BOOL", 1, false, {}},        {"F8_E4M3", 1, false, {}},     {"F8_E5M2", 1, false, {}}};

std::string Shown(const std::string& name) { return name.size() <= 200 ? name : name.substr(0, 200) + "..."; }

Status ReadShape(const Json& shape, ModelTensor* tensor) {
  if (!shape.is_array() || shape.size() > kMaxRank) {
    return DataLoss("shape: expected a list of at most " + std::to_string(kMaxRank) + " sizes");
  }
  uint64_t elements = 1;
  for (const Json& item : shape) {
    const uint64_t size = item.is_number_unsigned() ? item.get<uint64_t>() : UINT64_MAX;
    if (size > kMaxElements || (size > 0 && elements > kMaxElements / size)) {
      return DataLoss("shape: impossible size " + JsonShown(item));
    }
    elements *= size;
    tensor->shape.push_back(static_cast<int64_t>(size));
  }
  std::reverse(tensor->shape.begin(), tensor->shape.end());
  return {};
}

Status ReadType(const Json& type, ModelTensor* tensor, uint64_t* bytes) {
  if (!type.is_string()) return DataLoss("dtype: expected a string");
  tensor->type_name = type.get<std::string>();
  const auto* const entry = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const TypeEntry& e) { return tensor->type_name == e.name; });
  if (entry == std::end(kTypes)) {
    return Unsupported("dtype '" + Shown(tensor->type_name) + "' is not known; models need F32, F16 or BF16");
  }
  tensor->supported = entry->supported;
  tensor->type = entry->type;
  *bytes = entry->bytes;
  return {};
}

Status ReadEntry(const Json& json, SafetensorsEntry* out) {
  if (!json.is_object()) return DataLoss("expected an object with dtype, shape and data_offsets");
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!json.contains(key)) return DataLoss(std::string(key) + " is missing");
  }
  uint64_t item_bytes = 0;
  RETORT_RETURN_IF_ERROR(ReadType(json["dtype"], &out->tensor, &item_bytes));
  RETORT_RETURN_IF_ERROR(ReadShape(json["shape"], &out->tensor));
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return DataLoss("data_offsets: expected two offsets");
  }
  out->begin = offsets[0].get<uint64_t>();
  out->end = offsets[1].get<uint64_t>();
  const uint64_t bytes = static_cast<uint64_t>(out->tensor.elements()) * item_bytes;
  if (out->end < out->begin || out->end - out->begin != bytes) {
    return DataLoss("data_offsets: expected " + std::to_string(bytes) + " bytes for its shape and type, got " +
                    std::to_string(out->begin) + " to " + std::to_string(out->end));
  }
  out->tensor.bytes = static_cast<size_t>(bytes);
  return {};
}

}  // namespace

Status ParseSafetensorsHeader(std::string_view text, SafetensorsHeader* out) {
  if (!text.starts_with('{')) return DataLoss("expected a JSON object, which begins with {");
  RETORT_ASSIGN_OR_RETURN(const Json json, ParseJsonObject(text));
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return DataLoss("__metadata__: expected an object");
      for (const auto& [key, entry] : value.items()) {
        if (!entry.is_string()) return DataLoss("__metadata__: '" + Shown(key) + "': expected a string");
        out->metadata.emplace(key, entry.get<std::string>());
      }
      continue;
    }
    if (name.size() > kMaxName) return DataLoss("a tensor's name has " + std::to_string(name.size()) + " bytes");
    SafetensorsEntry entry;
    entry.tensor.name = name;
    RETORT_RETURN_IF_ERROR(ReadEntry(value, &entry).Annotate("tensor '" + Shown(name) + "'"));
    out->tensors.push_back(std::move(entry));
  }
  return {};
}

}  // namespace retort
