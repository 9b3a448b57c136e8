#include "core/model/model_file.h"

#include <filesystem>

#include "core/model/gguf.h"
#include "core/model/hf_model.h"
#include "core/model/hyper.h"

namespace retort {
namespace {

class GgufModelFile final : public ModelFile {
 public:
  explicit GgufModelFile(std::unique_ptr<GgufFile> file) : file_(std::move(file)) {}
  const TensorFile& tensors() const override { return *file_; }
  Result<ModelHyper> Hyper() const override { return ReadHyper(*file_); }
  Result<std::unique_ptr<Tokenizer>> CreateTokenizer() const override { return Tokenizer::Create(*file_); }
  Result<std::string> ChatTemplateText() const override {
    const auto jinja = file_->GetString("tokenizer.chat_template");
    return jinja.ok() ? std::string(*jinja) : std::string();
  }
  Result<ModelInspection> Inspect() const override { return InspectModel(*file_); }

 private:
  std::unique_ptr<GgufFile> file_;
};

}  // namespace

Result<std::unique_ptr<ModelFile>> ModelFile::Open(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error) || path.ends_with(".safetensors")) return OpenHfModel(path);
  RETORT_ASSIGN_OR_RETURN(auto file, GgufFile::Open(path));
  return std::unique_ptr<ModelFile>(std::make_unique<GgufModelFile>(std::move(file)));
}

}  // namespace retort
