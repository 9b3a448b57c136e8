// GGUF files, version 2 and 3, little endian: metadata and tensors of a model, mapped into memory.
// Nothing in a file is believed: every count, length, offset and size is checked against what the file can hold before
// it is used, so a truncated or hostile file is refused with the place and never crashes. Immutable after Open;
// thread-safe. Format: github.com/ggml-org/ggml, docs/gguf.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/mapped_file.h"
#include "core/model/tensor_file.h"
#include "retort/status.h"

namespace retort {

class GgufCursor;

struct GgufTensor : ModelTensor {
  uint32_t ggml_type = 0;
};

/// A metadata value; integers of all widths become int64 (uint64 beyond that is refused), floats double.
using GgufArray =
    std::variant<std::vector<int64_t>, std::vector<double>, std::vector<bool>, std::vector<std::string_view>>;
using GgufValue = std::variant<int64_t, double, bool, std::string_view, GgufArray>;

class GgufFile final : public TensorFile {
 public:
  /// Map a file. Errors: kNotFound, kDataLoss (truncated or damaged, with offset), kUnsupported (version, big endian).
  static Result<std::unique_ptr<GgufFile>> Open(const std::string& path);
  /// Read from memory that outlives the object and is aligned as the tensors are (64 bytes serve all models); `name`
  /// stands for the path in messages.
  static Result<std::unique_ptr<GgufFile>> FromMemory(std::span<const std::byte> bytes, std::string name);

  const std::string& path() const override { return path_; }
  size_t size() const { return bytes_.size(); }
  uint32_t version() const { return version_; }
  const std::map<std::string, GgufValue, std::less<>>& metadata() const { return metadata_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  /// A metadata entry as it stands in the file: key, kind and value, for a writer that must keep integers' widths.
  struct RawEntry {
    std::string_view key;
    std::span<const std::byte> bytes;
  };
  const std::vector<RawEntry>& raw_metadata() const { return raw_metadata_; }

  const GgufValue* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  void Forget(const std::byte* data, size_t bytes) const override { mapping_.Forget(data, bytes); }

  /// Typed values. Errors: kNotFound, kInvalidArgument (another type); the message names file and key.
  Result<std::string_view> GetString(std::string_view key) const;
  Result<int64_t> GetInt(std::string_view key) const;
  Result<double> GetFloat(std::string_view key) const;  // integers too
  Result<bool> GetBool(std::string_view key) const;
  Result<const std::vector<std::string_view>*> GetStrings(std::string_view key) const;
  Result<const std::vector<int64_t>*> GetInts(std::string_view key) const;
  Result<const std::vector<double>*> GetFloats(std::string_view key) const;

  std::vector<const ModelTensor*> AllTensors() const override;
  const GgufTensor* FindTensor(std::string_view name) const override;

 private:
  GgufFile() = default;
  Status Parse();
  Status ReadMetadata(GgufCursor& in);
  Status PlaceTensors(const GgufCursor& in, const std::vector<uint64_t>& offsets);
  std::string path_;
  std::span<const std::byte> bytes_;
  MappedFile mapping_;
  uint32_t version_ = 0;
  std::map<std::string, GgufValue, std::less<>> metadata_;
  std::vector<RawEntry> raw_metadata_;  // in the file's order
  std::vector<GgufTensor> tensors_;
  std::map<std::string_view, size_t> tensor_index_;
};

/// The name of a ggml tensor type ("q6_k"), or "type 99".
std::string GgmlTypeName(uint32_t ggml_type);
/// The ggml number of a type.
uint32_t GgmlTypeOf(DType type);

}  // namespace retort
