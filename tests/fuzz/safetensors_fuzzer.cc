// The safetensors reader: no input may crash it or give a tensor outside the bytes.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As aligned as a mapped file, and exactly as long, so that a read past the end is seen.
  const std::unique_ptr<std::byte, decltype(&std::free)> bytes(
      static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64 + 64)), &std::free);
  std::byte* const begin = bytes.get();
  if (size > 0) std::memcpy(begin, data, size);
  const auto file = retort::SafetensorsFile::FromMemory({begin, size}, "input");
  if (!file.ok()) return 0;
  for (const retort::ModelTensor& tensor : (*file)->tensors()) {
    if (tensor.data < begin || tensor.data + tensor.bytes > begin + size) std::abort();
  }
  return 0;
}
