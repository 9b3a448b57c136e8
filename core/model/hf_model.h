// A model as Hugging Face's libraries save it: a folder with config.json, tokenizer.json and safetensors.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/model/model_file.h"

namespace retort {

class HfTensors;  // core/model/hf_tensors.h

/// `path` is the folder, or its one *.safetensors file. Errors: those of ModelFile::Open.
Result<std::unique_ptr<ModelFile>> OpenHfModel(const std::string& path);

/// The sizes in config.json. `where` names the file. Errors: those of ReadHyper.
Result<ModelHyper> ReadHfHyper(const nlohmann::json& config, const std::string& where, const TensorFile& tensors);
/// Whether the output matrix is the embedding.
Result<bool> HfEmbeddingsAreTied(const nlohmann::json& config, const std::string& where, const TensorFile& tensors);

/// What tokenizer.json, tokenizer_config.json and generation_config.json in `folder` say, and the ids of end tokens in
/// `config`. Errors: kNotFound, kDataLoss, kUnsupported (a tokenizer that is no byte-level BPE, or cuts words in a way
/// that this build does not know).
Result<TokenizerData> ReadHfTokenizer(const std::string& folder, const nlohmann::json& config);

/// The name that GGUF gives to the way in which tokenizer.json cuts text into words. Errors: kUnsupported.
Result<std::string> RecogniseHfPreTokenizer(const nlohmann::json& tokenizer, const std::string& where);

}  // namespace retort
