// tokenizer.json: no input may crash the reader, and a tokenizer that is made gives a text back, less the bytes for
// which it has no token.
#include <unistd.h>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/hf_model.h"
#include "core/model/tokenizer.h"

namespace {

/// A folder that holds one model's files, gone with the process.
const std::string& Folder() {
  static const struct Made {
    std::string path = std::filesystem::temp_directory_path() / ("retort-fuzz-" + std::to_string(getpid()));
    Made() { std::filesystem::create_directories(path); }
    ~Made() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  } folder;
  return folder.path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::ofstream(Folder() + "/tokenizer.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto read = retort::ReadHfTokenizer(Folder(), nlohmann::json::object());
  if (!read.ok()) return 0;
  const auto tokenizer = retort::Tokenizer::Create(*read);
  if (!tokenizer.ok()) return 0;
  const std::string text = "Hello, wörld 123\n\t<|im_end|> \xF0\x9F\x99\x82";
  for (const bool special : {false, true}) {
    const auto tokens = (*tokenizer)->Encode(text, {special, special});
    if (!tokens.ok()) continue;
    for (const int32_t token : *tokens) {
      if (token < 0 || token >= (*tokenizer)->vocab_size()) std::abort();
    }
    if ((*tokenizer)->Decode(tokens->data(), tokens->size(), true).size() > 64 * text.size() + 4096) std::abort();
  }
  return 0;
}
