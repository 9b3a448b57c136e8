#include "core/model/fingerprint.h"

#include <algorithm>
#include <string>

#include "core/base/random.h"

namespace retort {
namespace {

constexpr size_t kSamples = 16, kSampleBytes = 64;

std::string SamplesOf(const ModelTensor& tensor) {
  const auto* const bytes = reinterpret_cast<const char*>(tensor.data);
  std::string samples;
  if (bytes == nullptr) return samples;
  for (size_t i = 0; i < kSamples; ++i) {
    const size_t begin = tensor.bytes / kSamples * i;
    samples.append(bytes + begin, std::min(kSampleBytes, tensor.bytes - begin));
  }
  return samples;
}

}  // namespace

uint64_t FingerprintOf(const TensorFile& file, const ModelHyper& hyper) {
  std::string content = hyper.architecture;
  for (const int32_t size :
       {hyper.vocab, hyper.hidden, hyper.layers, hyper.heads, hyper.kv_heads, hyper.head_dim, hyper.ffn})
    content += " " + std::to_string(size);
  for (const ModelTensor* tensor : file.AllTensors()) {
    content += "\n" + tensor->name + " " + tensor->type_name;
    for (const int64_t size : tensor->shape) content += " " + std::to_string(size);
    content += " " + SamplesOf(*tensor);
  }
  return HashName(content);
}

}  // namespace retort
