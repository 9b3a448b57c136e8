// One safetensors file: named tensors behind a JSON header, mapped into memory.
// Nothing in a file is believed: the header's length, every type, size and offset is checked against what the file can
// hold before it is used, and the tensors must fill the file without gap or overlap, so that a truncated or hostile
// file is refused and never crashes. Immutable after Open; thread-safe. Format: github.com/huggingface/safetensors,
// README.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/mapped_file.h"
#include "core/model/tensor_file.h"

namespace retort {

class SafetensorsFile {
 public:
  /// Errors: kNotFound, kDataLoss (truncated or damaged, with the place), kUnsupported (a type that nobody knows).
  static Result<std::unique_ptr<SafetensorsFile>> Open(const std::string& path);
  /// Read from memory that outlives the object; `name` stands for the path in messages.
  static Result<std::unique_ptr<SafetensorsFile>> FromMemory(std::span<const std::byte> bytes, std::string name);

  const std::string& path() const { return path_; }
  size_t size() const { return bytes_.size(); }
  /// By their place in the file.
  const std::vector<ModelTensor>& tensors() const { return tensors_; }
  const ModelTensor* Find(std::string_view name) const;
  /// The header's __metadata__.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  void Forget(const std::byte* data, size_t bytes) const { mapping_.Forget(data, bytes); }

 private:
  SafetensorsFile() = default;
  Status Parse();
  std::string path_;
  MappedFile mapping_;
  std::span<const std::byte> bytes_;
  std::vector<ModelTensor> tensors_;
  std::map<std::string_view, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace retort
