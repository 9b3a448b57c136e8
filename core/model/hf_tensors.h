// The tensors of a model's folder: one safetensors file, or several with model.safetensors.index.json that says which
// tensor lies in which.
#pragma once

#include <map>
#include <memory>

#include "core/model/safetensors.h"

namespace retort {

class HfTensors final : public TensorFile {
 public:
  /// Map model.safetensors, or the files that the index names. Errors: kNotFound, kDataLoss (a damaged file, an index
  /// that does not fit the files), those of SafetensorsFile::Open.
  static Result<std::unique_ptr<HfTensors>> OpenFolder(const std::string& folder);
  static Result<std::unique_ptr<HfTensors>> OpenFile(const std::string& path);

  const std::string& path() const override { return path_; }
  std::vector<const ModelTensor*> AllTensors() const override;
  const ModelTensor* FindTensor(std::string_view name) const override;
  std::string OwnName(std::string_view name) const override;
  std::string ShapeText(std::span<const int64_t> shape) const override;  // outermost first
  void Forget(const std::byte* data, size_t bytes) const override;

  const std::vector<std::unique_ptr<SafetensorsFile>>& files() const { return files_; }
  size_t size() const;  // bytes of all files
  /// Hide the tensor of this GGUF name: it is a copy of another one.
  void Ignore(std::string_view name);

 private:
  explicit HfTensors(std::string path) : path_(std::move(path)) {}
  Status Add(const std::string& file);
  Status CheckIndex(const std::map<std::string, std::string>& file_of);
  std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::vector<ModelTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;  // by own name
};

}  // namespace retort
