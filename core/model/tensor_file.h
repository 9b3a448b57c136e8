// The named tensors of a model, whatever the format of its files. A loader asks by the names that GGUF uses
// ("blk.0.attn_q.weight"); each format knows what it calls them itself. Immutable once open; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/dtype.h"
#include "retort/status.h"

namespace retort {

struct ModelTensor {
  std::string name;        // the file's own
  std::string type_name;   // as the format calls it
  bool supported = false;  // `type` is set
  DType type = DType::kF32;
  std::vector<int64_t> shape;  // innermost first: a matrix [N, K] has shape {K, N}
  const std::byte* data = nullptr;
  size_t bytes = 0;        // 0 where the format does not say and the type is not supported
  bool ignorable = false;  // holds nothing that a model needs
  int64_t elements() const;
};

class TensorFile {
 public:
  virtual ~TensorFile() = default;
  /// The file or folder, for messages.
  virtual const std::string& path() const = 0;
  /// All of them, in the file's order.
  virtual std::vector<const ModelTensor*> AllTensors() const = 0;
  /// By GGUF's name; null where there is none.
  virtual const ModelTensor* FindTensor(std::string_view name) const = 0;
  /// What the file calls, or would call, the tensor of this GGUF name.
  virtual std::string OwnName(std::string_view name) const { return std::string(name); }
  /// A shape as the format writes it; `shape` is innermost first.
  virtual std::string ShapeText(std::span<const int64_t> shape) const;
  /// Let go of the memory that holds this part; read again, it comes from the file again.
  virtual void Forget(const std::byte* data, size_t bytes) const = 0;

  /// The tensor with this name and shape. Errors: kNotFound, kInvalidArgument (shape), kUnsupported (type; names it).
  Result<const ModelTensor*> GetTensor(std::string_view name, std::span<const int64_t> shape) const;
};

}  // namespace retort
