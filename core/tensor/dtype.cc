#include "core/tensor/dtype.h"

#include <array>
#include <string>

namespace retort {
namespace {

struct Entry {
  DType type;
  std::string_view name;
  int elements;
  size_t bytes;
};

constexpr std::array<Entry, 7> kTypes = {{{DType::kF32, "f32", 1, 4},
                                          {DType::kF16, "f16", 1, 2},
                                          {DType::kBF16, "bf16", 1, 2},
                                          {DType::kQ8_0, "q8_0", kQuantBlock, sizeof(BlockQ8_0)},
                                          {DType::kQ4_0, "q4_0", kQuantBlock, sizeof(BlockQ4_0)},
                                          {DType::kQ4_1, "q4_1", kQuantBlock, sizeof(BlockQ4_1)},
                                          {DType::kI32, "i32", 1, 4}}};

}  // namespace

std::string_view DTypeName(DType type) { return kTypes[static_cast<size_t>(type)].name; }
int DTypeBlockElements(DType type) { return kTypes[static_cast<size_t>(type)].elements; }
size_t DTypeBlockBytes(DType type) { return kTypes[static_cast<size_t>(type)].bytes; }

Result<DType> DTypeFromName(std::string_view name) {
  std::string known;
  for (const Entry& entry : kTypes) {
    if (entry.name == name) return entry.type;
    known.append(known.empty() ? "" : ", ").append(entry.name);
  }
  return InvalidArgument("element type '" + std::string(name) + "': expected one of " + known);
}

}  // namespace retort
