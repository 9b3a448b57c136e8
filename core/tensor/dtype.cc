#include "core/tensor/blocks.h"

#include <iterator>
#include <string>

namespace retort {
namespace {

struct Entry {
  DType type;
  std::string_view name;
  int elements;
  size_t bytes;
};

constexpr Entry kTypes[] = {{DType::kF32, "f32", 1, 4},
                            {DType::kF16, "f16", 1, 2},
                            {DType::kBF16, "bf16", 1, 2},
                            {DType::kQ8_0, "q8_0", kQuantBlock, sizeof(BlockQ8_0)},
                            {DType::kQ4_0, "q4_0", kQuantBlock, sizeof(BlockQ4_0)},
                            {DType::kQ4_1, "q4_1", kQuantBlock, sizeof(BlockQ4_1)},
                            {DType::kI32, "i32", 1, 4},
                            {DType::kQ5_0, "q5_0", kQuantBlock, sizeof(BlockQ5_0)},
                            {DType::kQ5_1, "q5_1", kQuantBlock, sizeof(BlockQ5_1)},
                            {DType::kQ4_K, "q4_k", kSuperBlock, sizeof(BlockQ4_K)},
                            {DType::kQ5_K, "q5_k", kSuperBlock, sizeof(BlockQ5_K)},
                            {DType::kQ6_K, "q6_k", kSuperBlock, sizeof(BlockQ6_K)}};
static_assert(std::size(kTypes) == kDTypes);

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
