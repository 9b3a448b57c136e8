#include "core/model/hf_tensors.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/model/hf_json.h"
#include "core/model/json_text.h"

namespace retort {
namespace {

struct NamePair {
  std::string_view gguf, hf;
};
constexpr NamePair kWholeModel[] = {{"token_embd.weight", "model.embed_tokens.weight"},
                                    {"output.weight", "lm_head.weight"},
                                    {"output_norm.weight", "model.norm.weight"}};
// Within blk.N. and model.layers.N.; the ending .weight or .bias stays.
constexpr NamePair kLayer[] = {{"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
                               {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
                               {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
                               {"attn_k_norm", "self_attn.k_norm"}, {"ffn_norm", "post_attention_layernorm"},
                               {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
                               {"ffn_down", "mlp.down_proj"}};

/// "blk.3.attn_q.weight" as "model.layers.3.self_attn.q_proj.weight"; other names stay.
std::string HfName(std::string_view name) {
  for (const NamePair& pair : kWholeModel) {
    if (pair.gguf == name) return std::string(pair.hf);
  }
  constexpr std::string_view kPrefix = "blk.";
  const size_t number = kPrefix.size(), dot = name.find('.', number), ending = name.rfind('.');
  if (!name.starts_with(kPrefix) || dot == name.npos || ending <= dot) return std::string(name);
  const std::string_view middle = name.substr(dot + 1, ending - dot - 1);
  for (const NamePair& pair : kLayer) {
    if (pair.gguf != middle) continue;
    return std::string("model.layers.")
        .append(name.substr(number, dot + 1 - number))
        .append(pair.hf)
        .append(name.substr(ending));
  }
  return std::string(name);
}

/// Which file each tensor lies in. Files are named within the folder: a path in the index could lead anywhere.
Result<std::map<std::string, std::string>> ReadIndex(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonObject(path));
  const nlohmann::json& map = JsonField(json, "weight_map");
  if (!map.is_object()) return DataLoss(path + ": weight_map: expected an object");
  std::map<std::string, std::string> file_of;
  for (const auto& [tensor, file] : map.items()) {
    if (!file.is_string() || file.get_ref<const std::string&>().empty() ||
        file.get_ref<const std::string&>().find('/') != std::string::npos) {
      return DataLoss(path + ": weight_map: tensor '" + tensor + "': expected the name of a file in the same folder");
    }
    file_of.emplace(tensor, file.get<std::string>());
  }
  return file_of;
}

}  // namespace

Result<std::unique_ptr<HfTensors>> HfTensors::OpenFile(const std::string& path) {
  std::unique_ptr<HfTensors> tensors(new HfTensors(path));
  RETORT_RETURN_IF_ERROR(tensors->Add(path));
  return tensors;
}

Result<std::unique_ptr<HfTensors>> HfTensors::OpenFolder(const std::string& folder) {
  const std::string whole = folder + "/model.safetensors", index = whole + ".index.json";
  std::error_code error;
  if (std::filesystem::exists(whole, error)) return OpenFile(whole);
  if (!std::filesystem::exists(index, error)) {
    return NotFound(folder + ": expected model.safetensors or model.safetensors.index.json in it, got neither; " +
                    "weights of another kind (pytorch_model.bin) must be saved as safetensors first");
  }
  RETORT_ASSIGN_OR_RETURN(const auto file_of, ReadIndex(index));
  std::unique_ptr<HfTensors> tensors(new HfTensors(folder));
  std::set<std::string> files;
  for (const auto& [tensor, file] : file_of) files.insert(file);
  for (const std::string& file : files) RETORT_RETURN_IF_ERROR(tensors->Add(folder + "/" + file));
  RETORT_RETURN_IF_ERROR(tensors->CheckIndex(file_of));
  return tensors;
}

Status HfTensors::Add(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(auto file, SafetensorsFile::Open(path));
  for (const ModelTensor& tensor : file->tensors()) {
    if (!index_.emplace(tensor.name, tensors_.size()).second) {
      return DataLoss(path + ": tensor '" + tensor.name + "' is in another of the model's files too");
    }
    tensors_.push_back(tensor);
    // Old converters saved the rotation's frequencies, which follow from config.json.
    if (tensor.name.ends_with(".rotary_emb.inv_freq")) tensors_.back().ignorable = true;
  }
  files_.push_back(std::move(file));
  return {};
}

Status HfTensors::CheckIndex(const std::map<std::string, std::string>& file_of) {
  for (const auto& [tensor, name] : file_of) {
    const std::string path = path_ + "/" + name;
    const auto file = std::find_if(files_.begin(), files_.end(), [&](const auto& f) { return f->path() == path; });
    if ((*file)->Find(tensor) == nullptr) {
      return DataLoss((*file)->path() + ": tensor '" + tensor +
                      "' is missing, which model.safetensors.index.json has in this file; fetch both again");
    }
  }
  return {};
}

std::vector<const ModelTensor*> HfTensors::AllTensors() const {
  std::vector<const ModelTensor*> all;
  all.reserve(tensors_.size());
  for (const ModelTensor& tensor : tensors_) all.push_back(&tensor);
  return all;
}

const ModelTensor* HfTensors::FindTensor(std::string_view name) const {
  const auto it = index_.find(HfName(name));
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

std::string HfTensors::OwnName(std::string_view name) const { return HfName(name); }

std::string HfTensors::ShapeText(std::span<const int64_t> shape) const {
  const std::vector<int64_t> reversed(shape.rbegin(), shape.rend());
  return TensorFile::ShapeText(reversed);
}

void HfTensors::Forget(const std::byte* data, size_t bytes) const {
  for (const auto& file : files_) file->Forget(data, bytes);
}

size_t HfTensors::size() const {
  size_t sum = 0;
  for (const auto& file : files_) sum += file->size();
  return sum;
}

void HfTensors::Ignore(std::string_view name) {
  const auto it = index_.find(HfName(name));
  if (it == index_.end()) return;
  tensors_[it->second].ignorable = true;
  index_.erase(it);
}

}  // namespace retort
