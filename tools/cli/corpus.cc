#include "tools/cli/corpus.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/json_depth.h"
#include "core/base/text_file.h"
#include "core/model/text_tokens.h"

namespace retort::cli {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestJson = 64;                       // the reader recurses
constexpr size_t kMostTokens = (size_t{1} << 31) - 2;  // what a suffix array of 32-bit places holds

Status TooLong(const std::string& path) {
  return ResourceExhausted(path + ": has more than " + std::to_string(kMostTokens) +
                           " tokens, which is the most that a store holds; build one of a part of it");
}

Status ReadText(std::ifstream& in, const std::string& path, const Tokenizer& tokenizer, Corpus* corpus) {
  TextTokens text(in, path, tokenizer);
  RETORT_RETURN_IF_ERROR(text.Take(kMostTokens, &corpus->tokens));
  if (corpus->tokens.size() == kMostTokens) return TooLong(path);
  if (corpus->tokens.empty()) return {};
  corpus->tokens.push_back(tokenizer.vocab_size());
  corpus->documents = 1;
  return {};
}

/// The text of one line's document.
Result<std::string> FieldOf(const std::string& line, const std::string& place, const std::string& field) {
  const Json record = FindDeeperJson(line, kDeepestJson) == std::string::npos
                          ? Json::parse(line, nullptr, /*allow_exceptions=*/false)
                          : Json();
  if (!record.is_object()) return InvalidArgument(place + ": expected a JSON object in UTF-8, got something else");
  const auto found = record.find(field);
  if (found != record.end() && found->is_string()) return found->get<std::string>();
  return InvalidArgument(place + ": expected a string in the field `" + field + "`, got " +
                         (found == record.end() ? "no such field" : std::string("JSON of type ") + found->type_name()) +
                         "; name the field of the text with --field");
}

Status ReadJsonl(std::ifstream& in, const std::string& path, const std::string& field, const Tokenizer& tokenizer,
                 Corpus* corpus) {
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string place = path + ":" + std::to_string(number);
    RETORT_ASSIGN_OR_RETURN(const std::string text, FieldOf(line, place, field));
    const auto tokens = tokenizer.Encode(text, {});
    if (!tokens.ok()) return tokens.status().Annotate(place);
    if (tokens->empty()) continue;
    if (corpus->tokens.size() + tokens->size() >= kMostTokens) return TooLong(path);
    corpus->tokens.insert(corpus->tokens.end(), tokens->begin(), tokens->end());
    corpus->tokens.push_back(tokenizer.vocab_size());
    ++corpus->documents;
  }
  return in.bad() ? DataLoss(path + ": reading failed") : Status();
}

}  // namespace

Result<Corpus> ReadCorpus(const std::string& path, const std::string& field, const Tokenizer& tokenizer) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream in, OpenToRead(path, "a text file or a JSONL file"));
  Corpus corpus;
  const bool jsonl = !field.empty() || path.ends_with(".jsonl");
  RETORT_RETURN_IF_ERROR(jsonl ? ReadJsonl(in, path, field.empty() ? "text" : field, tokenizer, &corpus)
                               : ReadText(in, path, tokenizer, &corpus));
  if (corpus.documents == 0) return InvalidArgument(path + ": expected text, got none");
  return corpus;
}

}  // namespace retort::cli
