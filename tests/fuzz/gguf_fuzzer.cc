// The GGUF reader and the inspection over it: no input may crash it or read outside the bytes.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/model/gguf.h"
#include "core/model/inspect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As aligned as a mapped file, and exactly as long, so that a read past the end is seen.
  const std::unique_ptr<std::byte, decltype(&std::free)> bytes(
      static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64 + 64)), &std::free);
  std::byte* const begin = bytes.get();
  if (size > 0) std::memcpy(begin, data, size);
  const auto file = retort::GgufFile::FromMemory({begin, size}, "input");
  if (!file.ok()) return 0;
  for (const retort::GgufTensor& tensor : (*file)->tensors()) {
    if (tensor.bytes > 0 && (tensor.data < begin || tensor.data + tensor.bytes > begin + size)) std::abort();
  }
  if (retort::InspectionText(retort::InspectModel(**file)).empty()) std::abort();
  return 0;
}
