#include "tests/support/gguf_builder.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace retort::testing {
namespace {

template <typename T>
void Put(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
void PutString(std::string* out, const std::string& text) {
  Put<uint64_t>(out, text.size());
  out->append(text);
}
void Pad(std::string* out, size_t alignment) {
  out->resize((out->size() + alignment - 1) / alignment * alignment, '\0');
}

struct PutValue {
  std::string* out;
  template <typename T>
  void Scalar(uint32_t kind, T value) const {
    Put(out, kind);
    Put(out, value);
  }
  void List(uint32_t kind, size_t count) const {
    Put<uint32_t>(out, 9);
    Put(out, kind);
    Put<uint64_t>(out, count);
  }
  void operator()(uint32_t v) const { Scalar(4, v); }
  void operator()(int64_t v) const { Scalar(11, v); }
  void operator()(uint64_t v) const { Scalar(10, v); }
  void operator()(float v) const { Scalar(6, v); }
  void operator()(double v) const { Scalar(12, v); }
  void operator()(bool v) const { Scalar(7, static_cast<uint8_t>(v)); }
  void operator()(const std::string& v) const {
    Put<uint32_t>(out, 8);
    PutString(out, v);
  }
  void operator()(const std::vector<std::string>& v) const {
    List(8, v.size());
    for (const auto& item : v) PutString(out, item);
  }
  void operator()(const std::vector<int32_t>& v) const {
    List(5, v.size());
    for (const auto item : v) Put(out, item);
  }
  void operator()(const std::vector<float>& v) const {
    List(6, v.size());
    for (const auto item : v) Put(out, item);
  }
};

uint32_t GgmlType(DType type) {
  switch (type) {
    case DType::kF32: return 0;
    case DType::kF16: return 1;
    case DType::kQ4_0: return 2;
    case DType::kQ4_1: return 3;
    case DType::kQ5_0: return 6;
    case DType::kQ5_1: return 7;
    case DType::kQ8_0: return 8;
    case DType::kQ4_K: return 12;
    case DType::kQ5_K: return 13;
    case DType::kQ6_K: return 14;
    case DType::kBF16: return 30;
    case DType::kI32: return 26;
  }
  return 0;
}

}  // namespace

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
  return RawTensor(name, GgmlType(type), std::move(shape), std::move(bytes));
}

std::string GgufBuilder::Build() const {
  size_t alignment = 32;
  if (const auto it = metadata_.find("general.alignment"); it != metadata_.end()) {
    if (const auto* value = std::get_if<uint32_t>(&it->second); value != nullptr && *value > 0) alignment = *value;
  }
  std::string out = "GGUF";
  Put(&out, version_);
  Put<uint64_t>(&out, tensors_.size());
  Put<uint64_t>(&out, metadata_.size());
  for (const auto& [key, value] : metadata_) {
    PutString(&out, key);
    std::visit(PutValue{&out}, value);
  }
  std::string data;
  for (const TensorData& tensor : tensors_) {
    PutString(&out, tensor.name);
    Put(&out, static_cast<uint32_t>(tensor.shape.size()));
    for (const int64_t size : tensor.shape) Put(&out, size);
    Put(&out, tensor.ggml_type);
    Pad(&data, alignment);
    Put<uint64_t>(&out, data.size());
    data += tensor.bytes;
  }
  Pad(&out, alignment);
  return out + data;
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
