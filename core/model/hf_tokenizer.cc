// tokenizer.json as Hugging Face's `tokenizers` writes it, as TokenizerData. What would change the tokens and is not
// known here is refused.
#include <algorithm>
#include <filesystem>

#include "core/model/hf_json.h"
#include "core/model/hf_model.h"
#include "core/model/json_text.h"

namespace retort {
namespace {

using Json = nlohmann::json;

constexpr int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;  // as in GGUF

int32_t FindToken(const TokenizerData& data, const std::string& text) {
  const auto found = std::find(data.tokens.begin(), data.tokens.end(), text);
  return found == data.tokens.end() ? -1 : static_cast<int32_t>(found - data.tokens.begin());
}

class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  Result<TokenizerData> Read() {
    RETORT_RETURN_IF_ERROR(CheckModel());
    RETORT_RETURN_IF_ERROR(CheckNormalizer(JsonField(json_, "normalizer")));
    data_.model = "gpt2";
    data_.keys = "tokenizer.json: ";
    RETORT_ASSIGN_OR_RETURN(data_.pre, RecogniseHfPreTokenizer(json_, path_));
    data_.ignore_merges = JsonField(JsonField(json_, "model"), "ignore_merges") == true;
    RETORT_RETURN_IF_ERROR(ReadVocabulary());
    RETORT_RETURN_IF_ERROR(ReadMerges());
    RETORT_RETURN_IF_ERROR(ReadPostProcessor(JsonField(json_, "post_processor")));
    return std::move(data_);
  }

 private:
  Status Damaged(const std::string& why) const { return DataLoss(path_ + ": " + why + "; fetch the file again"); }
  Status Unknown(const std::string& why) const { return Unsupported(path_ + ": " + why); }

  Status CheckModel() const {
    const Json& model = JsonField(json_, "model");
    const Json& type = JsonField(model, "type");
    const auto empty = [&](const char* name) {
      const Json& value = JsonField(model, name);
      return value.is_null() || value == "" || value == false || value == 0;
    };
    if (!model.is_object() || (type != "BPE" && !(type.is_null() && model.contains("merges")))) {
      return Unknown("model.type: expected BPE, got " + (JsonShown(type)));
    }
    for (const char* name : {"byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
      if (!empty(name)) {
        return Unknown(std::string("model.") + name + " is set; this build knows byte-level BPE, which has none");
      }
    }
    return {};
  }

  /// NFC is passed over: see Tokenizer::Encode.
  Status CheckNormalizer(const Json& normalizer) const {
    if (normalizer.is_null() || JsonField(normalizer, "type") == "NFC") return {};
    const Json& type = JsonField(normalizer, "type");
    const Json& steps = JsonField(normalizer, "normalizers");
    if (type == "Sequence" && steps.is_array()) {
      for (const Json& step : steps) RETORT_RETURN_IF_ERROR(CheckNormalizer(step));
      return {};
    }
    return Unknown("normalizer: expected none or NFC, got " + JsonShown(type));
  }

  Status ReadVocabulary() {
    const Json& vocabulary = JsonField(JsonField(json_, "model"), "vocab");
    const Json& added = JsonField(json_, "added_tokens");
    if (!vocabulary.is_object()) return Damaged("model.vocab: expected an object");
    if (!added.is_null() && !added.is_array()) return Damaged("added_tokens: expected a list");
    // Ids have few gaps in any real file; a wild one must not take memory for all ids below it.
    limit_ = 2 * (vocabulary.size() + added.size()) + 1024;
    for (const auto& [text, id] : vocabulary.items()) RETORT_RETURN_IF_ERROR(Add(id, text, kNormal));
    for (const Json& token : added) RETORT_RETURN_IF_ERROR(AddSpecial(token));
    for (size_t i = 0; i < data_.tokens.size(); ++i) {
      if (data_.token_types[i] == kUnused) data_.tokens[i] = "<unused " + std::to_string(i) + ">";
    }
    return {};
  }

  Status Add(const Json& id, const std::string& text, int32_t type) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= limit_) {
      return Damaged("token '" + text.substr(0, 64) + "': expected an id below " + std::to_string(limit_) + ", got " +
                     JsonShown(id));
    }
    const auto at = id.get<size_t>();
    if (at >= data_.tokens.size()) {
      data_.tokens.resize(at + 1);
      data_.token_types.resize(at + 1, kUnused);
    }
    if (data_.token_types[at] != kUnused && (type == kNormal || data_.tokens[at] != text)) {
      return Damaged("id " + std::to_string(at) + " stands for '" + data_.tokens[at].substr(0, 64) + "' and '" +
                     text.substr(0, 64) + "'");
    }
    data_.tokens[at] = text;
    data_.token_types[at] = type;
    return {};
  }

  Status AddSpecial(const Json& token) {
    const Json& text = JsonField(token, "content");
    if (!text.is_string() || text == "") return Damaged("added_tokens: expected objects with content and id");
    for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
      if (JsonField(token, flag) != true) continue;
      return Unknown("added token '" + text.get<std::string>().substr(0, 64) + "': " + flag + " is not supported");
    }
    return Add(JsonField(token, "id"), text.get<std::string>(),
               JsonField(token, "special") == true ? kControl : kUserDefined);
  }

  /// Each "left right", or in newer files ["left", "right"].
  Status ReadMerges() {
    const Json& merges = JsonField(JsonField(json_, "model"), "merges");
    if (!merges.is_array()) return Damaged("model.merges: expected a list");
    data_.merges.reserve(merges.size());
    for (const Json& merge : merges) {
      if (merge.is_string()) {
        data_.merges.push_back(merge.get<std::string>());
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        data_.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
      } else {
        return Damaged("model.merges: entry " + std::to_string(data_.merges.size()) + ": expected two tokens");
      }
    }
    return {};
  }

  /// A template may put one token before the text: the begin of sequence.
  Status ReadPostProcessor(const Json& processor) {
    const Json& type = JsonField(processor, "type");
    if (processor.is_null() || type == "ByteLevel") return {};
    if (const Json& steps = JsonField(processor, "processors"); type == "Sequence" && steps.is_array()) {
      for (const Json& step : steps) RETORT_RETURN_IF_ERROR(ReadPostProcessor(step));
      return {};
    }
    const Json& pieces = JsonField(processor, "single");
    if (type != "TemplateProcessing" || !pieces.is_array()) {
      return Unknown("post_processor: expected none, ByteLevel or TemplateProcessing, got " + JsonShown(type));
    }
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (!JsonField(pieces[i], "Sequence").is_null()) continue;
      const Json& id = JsonField(JsonField(pieces[i], "SpecialToken"), "id");
      if (i > 0 || !id.is_string()) {
        return Unknown("post_processor: a template that puts tokens after the text is not supported");
      }
      data_.bos = FindToken(data_, id.get<std::string>());
      if (data_.bos < 0)
        return Damaged("post_processor: token '" + id.get<std::string>() + "' is not in the vocabulary");
      data_.add_bos = true;
    }
    return {};
  }

  const Json& json_;
  const std::string path_;
  uint64_t limit_ = 0;
  TokenizerData data_;
};

/// The token that tokenizer_config.json names so; -1 where it names none.
int32_t NamedToken(const Json& config, const char* name, const TokenizerData& data) {
  const Json& token = JsonField(config, name);
  const Json& text = token.is_object() ? JsonField(token, "content") : token;
  return text.is_string() ? FindToken(data, text.get<std::string>()) : -1;
}

/// The ids at `name`: none, one, or a list.
std::vector<int32_t> Ids(const Json& config, const char* name, const TokenizerData& data) {
  std::vector<int32_t> ids;
  const Json& value = JsonField(config, name);
  for (const Json& id : value.is_array() ? value : Json::array({value})) {
    if (id.is_number_unsigned() && id.get<uint64_t>() < data.tokens.size()) ids.push_back(id.get<int32_t>());
  }
  return ids;
}

Result<Json> ReadOptional(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return Json::object();
  return ReadJsonObject(path);
}

}  // namespace

Result<TokenizerData> ReadHfTokenizer(const std::string& folder, const Json& config) {
  RETORT_ASSIGN_OR_RETURN(const Json tokenizer, ReadJsonObject(folder + "/tokenizer.json"));
  RETORT_ASSIGN_OR_RETURN(const Json names, ReadOptional(folder + "/tokenizer_config.json"));
  RETORT_ASSIGN_OR_RETURN(const Json generation, ReadOptional(folder + "/generation_config.json"));
  RETORT_ASSIGN_OR_RETURN(TokenizerData data, Reader(tokenizer, folder + "/tokenizer.json").Read());
  if (!data.add_bos) {
    data.bos = NamedToken(names, "bos_token", data);
    const auto ids = Ids(config, "bos_token_id", data);
    if (data.bos < 0 && !ids.empty()) data.bos = ids.front();
    data.add_bos = false;
  }
  data.eos = NamedToken(names, "eos_token", data);
  for (const Json& file : {config, generation}) {
    const auto ids = Ids(file, "eos_token_id", data);
    data.end_tokens.insert(data.end_tokens.end(), ids.begin(), ids.end());
  }
  if (data.eos < 0 && !data.end_tokens.empty()) data.eos = data.end_tokens.front();
  return data;
}

}  // namespace retort
