// The tokenizer.ggml.* keys of a GGUF file, as TokenizerData.
#include <limits>
#include <utility>

#include "core/model/gguf.h"
#include "core/model/tokenizer.h"

namespace retort {
namespace {

// A key that is missing or has another type means a damaged file here, whatever the reader calls it.
Status Damaged(const Status& status) { return DataLoss(status.message()); }

Status ReadStrings(const GgufFile& file, std::string_view key, std::vector<std::string>* out) {
  const auto strings = file.GetStrings(key);
  if (!strings.ok()) return Damaged(strings.status());
  out->assign((*strings)->begin(), (*strings)->end());
  return Status::Ok();
}

Result<int32_t> Narrow(const GgufFile& file, std::string_view key, int64_t value) {
  if (value >= 0 && value <= std::numeric_limits<int32_t>::max()) return static_cast<int32_t>(value);
  return DataLoss(file.path() + ": " + std::string(key) + ": " + std::to_string(value) + " is out of range");
}

// The id at `key`; -1 where the key is missing.
Result<int32_t> ReadId(const GgufFile& file, std::string_view key) {
  if (!file.Has(key)) return -1;
  const auto id = file.GetInt(key);
  if (!id.ok()) return Damaged(id.status());
  return Narrow(file, key, *id);
}

Status ReadTypes(const GgufFile& file, std::vector<int32_t>* out) {
  constexpr std::string_view kKey = "tokenizer.ggml.token_type";
  if (!file.Has(kKey)) return Status::Ok();
  const auto types = file.GetInts(kKey);
  if (!types.ok()) return Damaged(types.status());
  for (int64_t type : **types) {
    RETORT_ASSIGN_OR_RETURN(const int32_t narrow, Narrow(file, kKey, type));
    out->push_back(narrow);
  }
  return Status::Ok();
}

Status ReadEnds(const GgufFile& file, TokenizerData* data) {
  RETORT_ASSIGN_OR_RETURN(data->bos, ReadId(file, "tokenizer.ggml.bos_token_id"));
  RETORT_ASSIGN_OR_RETURN(data->eos, ReadId(file, "tokenizer.ggml.eos_token_id"));
  for (std::string_view key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    RETORT_ASSIGN_OR_RETURN(const int32_t id, ReadId(file, key));
    if (id >= 0) data->end_tokens.push_back(id);
  }
  if (!file.Has("tokenizer.ggml.add_bos_token")) return Status::Ok();
  const auto add_bos = file.GetBool("tokenizer.ggml.add_bos_token");
  if (!add_bos.ok()) return Damaged(add_bos.status());
  data->add_bos = *add_bos;
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::Create(const GgufFile& file) {
  TokenizerData data;
  const auto model = file.GetString("tokenizer.ggml.model");
  if (!model.ok()) return Damaged(model.status());
  data.model = *model;
  if (file.Has("tokenizer.ggml.pre")) {
    const auto pre = file.GetString("tokenizer.ggml.pre");
    if (!pre.ok()) return Damaged(pre.status());
    data.pre = *pre;
  }
  // Other kinds of tokenizer have other keys: Create says that it knows only this one.
  if (data.model == "gpt2") {
    RETORT_RETURN_IF_ERROR(ReadStrings(file, "tokenizer.ggml.tokens", &data.tokens));
    RETORT_RETURN_IF_ERROR(ReadTypes(file, &data.token_types));
    RETORT_RETURN_IF_ERROR(ReadStrings(file, "tokenizer.ggml.merges", &data.merges));
    RETORT_RETURN_IF_ERROR(ReadEnds(file, &data));
  }
  auto tokenizer = Create(data);
  if (!tokenizer.ok()) return tokenizer.status().Annotate(file.path());
  return tokenizer;
}

}  // namespace retort
