#include "core/model/hf_model.h"

#include <algorithm>
#include <filesystem>

#include "core/base/text_file.h"
#include "core/model/hf_json.h"
#include "core/model/hf_tensors.h"
#include "core/model/json_text.h"

namespace retort {
namespace {

constexpr size_t kMostTemplateBytes = 1 << 20;

using Json = nlohmann::json;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

class HfModelFile final : public ModelFile {
 public:
  Status Open(const std::string& path) {
    std::error_code error;
    const bool is_folder = std::filesystem::is_directory(path, error);
    folder_ = is_folder ? path : std::filesystem::path(path).parent_path().string();
    if (folder_.empty()) folder_ = ".";
    if (!Exists(folder_ + "/config.json")) {
      return NotFound(folder_ + ": expected config.json in it, got none; a model in safetensors is a folder with " +
                      "config.json, tokenizer.json and model.safetensors");
    }
    RETORT_ASSIGN_OR_RETURN(config_, ReadJsonObject(folder_ + "/config.json"));
    RETORT_ASSIGN_OR_RETURN(tensors_, is_folder ? HfTensors::OpenFolder(path) : HfTensors::OpenFile(path));
    RETORT_ASSIGN_OR_RETURN(const bool tied, HfEmbeddingsAreTied(config_, ConfigPath(), *tensors_));
    if (tied) tensors_->Ignore("output.weight");
    return {};
  }

  const TensorFile& tensors() const override { return *tensors_; }
  Result<ModelHyper> Hyper() const override { return ReadHfHyper(config_, ConfigPath(), *tensors_); }

  Result<std::unique_ptr<Tokenizer>> CreateTokenizer() const override {
    RETORT_ASSIGN_OR_RETURN(const TokenizerData data, ReadHfTokenizer(folder_, config_));
    auto tokenizer = Tokenizer::Create(data);
    if (!tokenizer.ok()) return tokenizer.status().Annotate(folder_);
    return tokenizer;
  }

  /// A file of its own, or an entry of tokenizer_config.json: text, or a list of named ones.
  Result<std::string> ChatTemplateText() const override {
    const std::string own = folder_ + "/chat_template.jinja";
    if (Exists(own)) return ReadBytes(own, "a chat template", kMostTemplateBytes);
    const std::string path = folder_ + "/tokenizer_config.json";
    if (!Exists(path)) return std::string();
    RETORT_ASSIGN_OR_RETURN(const Json json, ReadJsonObject(path));
    const Json& found = JsonField(json, "chat_template");
    if (found.is_string()) return found.get<std::string>();
    for (const auto& [index, entry] : found.items()) {
      const Json& text = JsonField(entry, "template");
      if (JsonField(entry, "name") == "default" && text.is_string()) return text.get<std::string>();
    }
    return std::string();
  }

  Result<ModelInspection> Inspect() const override {
    ModelInspection out = InspectTensors(*tensors_);
    out.format = "safetensors";
    if (tensors_->files().size() > 1) out.format += " in " + std::to_string(tensors_->files().size()) + " files";
    out.file_bytes = tensors_->size();
    const Json flat = config_.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      const bool text = value.is_string();
      const std::string key = pointer.substr(std::min<size_t>(1, pointer.size()));
      out.metadata.push_back(InspectionEntry(key, text ? value.get<std::string>() : JsonShown(value), text));
    }
    return out;
  }

 private:
  std::string ConfigPath() const { return folder_ + "/config.json"; }
  std::string folder_;
  Json config_;
  std::unique_ptr<HfTensors> tensors_;
};

}  // namespace

Result<std::unique_ptr<ModelFile>> OpenHfModel(const std::string& path) {
  auto file = std::make_unique<HfModelFile>();
  RETORT_RETURN_IF_ERROR(file->Open(path));
  return std::unique_ptr<ModelFile>(std::move(file));
}

}  // namespace retort
