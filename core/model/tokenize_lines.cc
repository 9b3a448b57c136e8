#include "core/model/tokenize_lines.h"

#include <istream>
#include <ostream>
#include <string>

#include <nlohmann/json.hpp>

namespace retort {

Status TokenizeLines(const Tokenizer& tokenizer, std::istream& in, std::ostream& out) {
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    const std::string place = "line " + std::to_string(number);
    const auto text = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (text.is_discarded())
      return InvalidArgument(place + ": expected a JSON string, got text that is no valid JSON in UTF-8");
    if (!text.is_string())
      return InvalidArgument(place + ": expected a JSON string, got JSON of type " + text.type_name());
    auto tokens = tokenizer.Encode(text.get_ref<const std::string&>(), {.parse_special = true});
    if (!tokens.ok()) return tokens.status().Annotate(place);
    out << nlohmann::json(*tokens).dump() << '\n';
    if (!out)
      return ResourceExhausted(place + ": its tokens could not be written; is the disk full or the pipe closed?");
  }
  out.flush();
  if (!out) return ResourceExhausted("the last tokens could not be written; is the disk full or the pipe closed?");
  return Status::Ok();
}

}  // namespace retort
