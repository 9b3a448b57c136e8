// Writes GGUF files for tests: single values and tensors, or whole tiny random models that load and run in
// milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/gguf_writer.h"
#include "core/tensor/dtype.h"
#include "retort/status.h"

namespace retort::testing {

/// Bytes at an address that is a multiple of 64, as a mapped file has.
class AlignedBytes {
 public:
  explicit AlignedBytes(const std::string& bytes);
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::vector<std::byte> storage_;
  std::byte* data_;
  size_t size_;
};

class GgufBuilder {
 public:
  using Value = GgufScalarOrList;

  /// Set or replace a metadata value. Keys are written in order of their names.
  GgufBuilder& Set(const std::string& key, Value value);
  GgufBuilder& Erase(const std::string& key);
  /// Add or replace a tensor from floats, innermost dimension first; `type` rounds them.
  GgufBuilder& Tensor(const std::string& name, DType type, std::vector<int64_t> shape,
                      const std::vector<float>& values);
  /// A tensor of any ggml type number, with its bytes as they are.
  GgufBuilder& RawTensor(const std::string& name, uint32_t ggml_type, std::vector<int64_t> shape, std::string bytes);
  GgufBuilder& EraseTensor(const std::string& name);
  GgufBuilder& version(uint32_t version);

  /// The file. `general.alignment`, if set, is obeyed.
  std::string Build() const;
  Status Write(const std::string& path) const;

 private:
  struct TensorData {
    std::string name;
    uint32_t ggml_type;
    std::vector<int64_t> shape;
    std::string bytes;
  };
  uint32_t version_ = 3;
  std::map<std::string, Value> metadata_;
  std::vector<TensorData> tensors_;
};

/// GPT-2's spelling of a byte as a printable character.
std::string SpellByte(int byte);

/// A random model of a known architecture with a byte-level BPE tokenizer: 256 bytes, some English merges, and
/// <|endoftext|> (end of text), <|im_start|>, <|im_end|> (end of turn), so that any prompt can be fed to it.
struct TinyModel {
  std::string architecture = "llama";  // or "qwen2": attention biases, rotation of halves; or "qwen3": q/k norms
  int32_t layers = 2, hidden = 64, heads = 4, kv_heads = 2, ffn = 96, context_length = 256;
  int32_t vocab = 0;         // 0: what the tokenizer needs; more: filled with unused tokens
  DType type = DType::kF32;  // of the matrices
  bool tied = true;
  uint64_t seed = 1;
};

GgufBuilder MakeTinyModel(const TinyModel& model = {});
/// Write it and return `path`; aborts the test program if the disk refuses.
std::string WriteTinyModel(const std::string& path, const TinyModel& model = {});

}  // namespace retort::testing
