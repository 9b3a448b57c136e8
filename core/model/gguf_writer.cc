#include "core/model/gguf_writer.h"

namespace retort {
namespace {

template <typename T>
void Put(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
void Put(std::string* out, std::string_view text) {
  Put(out, uint64_t{text.size()});
  out->append(text);
}

size_t Aligned(size_t offset, size_t alignment) { return (offset + alignment - 1) / alignment * alignment; }

/// Appends the kind of a value and the value.
struct PutValue {
  std::string* out;
  template <typename T>
  void Scalar(uint32_t kind, T value) const {
    Put(out, kind);
    Put(out, value);
  }
  template <typename T>
  void List(uint32_t kind, const std::vector<T>& items) const {
    Put(out, uint32_t{9});
    Put(out, kind);
    Put(out, uint64_t{items.size()});
    for (const T& item : items) {
      if constexpr (std::is_same_v<T, std::string>) {
        Put(out, std::string_view(item));
      } else {
        Put(out, item);
      }
    }
  }
  void operator()(uint32_t v) const { Scalar(4, v); }
  void operator()(int32_t v) const { Scalar(5, v); }
  void operator()(float v) const { Scalar(6, v); }
  void operator()(bool v) const { Scalar(7, static_cast<uint8_t>(v)); }
  void operator()(const std::string& v) const { Scalar(8, std::string_view(v)); }
  void operator()(uint64_t v) const { Scalar(10, v); }
  void operator()(int64_t v) const { Scalar(11, v); }
  void operator()(double v) const { Scalar(12, v); }
  void operator()(const std::vector<int32_t>& v) const { List(5, v); }
  void operator()(const std::vector<float>& v) const { List(6, v); }
  void operator()(const std::vector<std::string>& v) const { List(8, v); }
};

}  // namespace

std::string EncodeGgufEntry(std::string_view key, const GgufScalarOrList& value) {
  std::string out;
  Put(&out, key);
  std::visit(PutValue{&out}, value);
  return out;
}

GgufLayout LayOutGguf(const std::vector<std::string>& entries, const std::vector<GgufTensorHead>& tensors,
                      size_t alignment, uint32_t version) {
  GgufLayout layout;
  std::string& head = layout.head;
  head = "GGUF";
  Put(&head, version);
  Put(&head, uint64_t{tensors.size()});
  Put(&head, uint64_t{entries.size()});
  for (const std::string& entry : entries) head.append(entry);
  size_t offset = 0;
  for (const GgufTensorHead& tensor : tensors) {
    Put(&head, std::string_view(tensor.name));
    Put(&head, static_cast<uint32_t>(tensor.shape.size()));
    for (const int64_t size : tensor.shape) Put(&head, size);
    Put(&head, tensor.ggml_type);
    Put(&head, uint64_t{offset});
    layout.offsets.push_back(offset);
    offset = Aligned(offset + tensor.bytes, alignment);
  }
  head.resize(Aligned(head.size(), alignment), '\0');
  for (size_t& at : layout.offsets) at += head.size();
  layout.file_bytes = head.size() + offset;
  return layout;
}

}  // namespace retort
