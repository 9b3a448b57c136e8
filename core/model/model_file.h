// A model as it lies on disk, whatever the format: tensors, sizes, tokenizer, chat template. One implementation a
// format. Immutable once open; thread-safe. The formats are described in core/design/005-model-formats.md.
#pragma once

#include <memory>
#include <string>

#include "core/model/inspect.h"
#include "core/model/model.h"
#include "core/model/tensor_file.h"
#include "core/model/tokenizer.h"

namespace retort {

class ModelFile {
 public:
  /// Open a GGUF file, a *.safetensors file with config.json and tokenizer.json beside it, or the folder of such files.
  /// Only headers are read. Errors: those of GgufFile::Open and SafetensorsFile::Open; kNotFound for a file that the
  /// folder lacks.
  static Result<std::unique_ptr<ModelFile>> Open(const std::string& path);
  virtual ~ModelFile() = default;

  virtual const TensorFile& tensors() const = 0;
  /// Errors: as ReadHyper in core/model/hyper.h.
  virtual Result<ModelHyper> Hyper() const = 0;
  /// Errors: as Tokenizer::Create.
  virtual Result<std::unique_ptr<Tokenizer>> CreateTokenizer() const = 0;
  /// Jinja; empty where there is none.
  virtual Result<std::string> ChatTemplateText() const = 0;
  virtual Result<ModelInspection> Inspect() const = 0;
};

}  // namespace retort
