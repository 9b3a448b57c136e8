// A user's corpus as tokens: a text file, or a field of the records of a JSONL file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/tokenizer.h"

namespace retort::cli {

struct Corpus {
  std::vector<int32_t> tokens;  // each document ends with the number tokenizer.vocab_size()
  size_t documents = 0;
};

/// Read a corpus. A path that ends with .jsonl, and any with a `field`, is read as JSONL: a document for each line, in
/// the string of that field ("text" where none is named). Any other file is one document. Special tokens' texts are
/// text. Errors, with file and line: kNotFound, kInvalidArgument (no UTF-8, no JSON, no such field, no text at all),
/// kResourceExhausted (too long for one store).
Result<Corpus> ReadCorpus(const std::string& path, const std::string& field, const Tokenizer& tokenizer);

}  // namespace retort::cli
