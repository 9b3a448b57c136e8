#include "tests/support/gguf_builder.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/model/gguf.h"

namespace retort::testing {
AlignedBytes::AlignedBytes(const std::string& bytes) : storage_(bytes.size() + 64), size_(bytes.size()) {
  const auto address = reinterpret_cast<uintptr_t>(storage_.data());
  data_ = storage_.data() + (64 - address % 64) % 64;
  if (size_ > 0) std::memcpy(data_, bytes.data(), size_);
}

GgufBuilder& GgufBuilder::Set(const std::string& key, Value value) {
  metadata_[key] = std::move(value);
  return *this;
}

GgufBuilder& GgufBuilder::Erase(const std::string& key) {
  metadata_.erase(key);
  return *this;
}

GgufBuilder& GgufBuilder::version(uint32_t version) {
  version_ = version;
  return *this;
}

GgufBuilder& GgufBuilder::EraseTensor(const std::string& name) {
  std::erase_if(tensors_, [&](const TensorData& tensor) { return tensor.name == name; });
  return *this;
}

GgufBuilder& GgufBuilder::RawTensor(const std::string& name, uint32_t ggml_type, std::vector<int64_t> shape,
                                    std::string bytes) {
  EraseTensor(name);
  tensors_.push_back({name, ggml_type, std::move(shape), std::move(bytes)});
  return *this;
}

GgufBuilder& GgufBuilder::Tensor(const std::string& name, DType type, std::vector<int64_t> shape,
                                 const std::vector<float>& values) {
  const auto elements = static_cast<int64_t>(values.size());
  std::string bytes(DTypeRowBytes(type, elements), '\0');
  if (type == DType::kF32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else {
    QuantiseRow(type, values.data(), bytes.data(), elements);
  }
  return RawTensor(name, GgmlTypeOf(type), std::move(shape), std::move(bytes));
}

std::string GgufBuilder::Build() const {
  size_t alignment = 32;
  if (const auto it = metadata_.find("general.alignment"); it != metadata_.end()) {
    if (const auto* value = std::get_if<uint32_t>(&it->second); value != nullptr && *value > 0) alignment = *value;
  }
  std::vector<std::string> entries;
  for (const auto& [key, value] : metadata_) entries.push_back(EncodeGgufEntry(key, value));
  std::vector<GgufTensorHead> heads;
  for (const TensorData& tensor : tensors_) {
    heads.push_back({tensor.name, tensor.ggml_type, tensor.shape, tensor.bytes.size()});
  }
  const GgufLayout layout = LayOutGguf(entries, heads, alignment, version_);
  std::string out = layout.head;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    out.resize(layout.offsets[i], '\0');
    out += tensors_[i].bytes;
  }
  return out;
}

Status GgufBuilder::Write(const std::string& path) const {
  const std::string bytes = Build();
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file ? Status::Ok() : ResourceExhausted(path + ": cannot be written");
}

std::string WriteTinyModel(const std::string& path, const TinyModel& model) {
  if (const Status status = MakeTinyModel(model).Write(path); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::abort();
  }
  return path;
}

}  // namespace retort::testing
