#include "core/model/json_text.h"

#include <set>
#include <string>

namespace retort {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;

bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> ParseJsonObject(std::string_view text) {
  if (NestsTooDeep(text)) return DataLoss("JSON that nests deeper than " + std::to_string(kMaxDepth) + " levels");
  std::set<std::string> names;
  std::string twice;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth == 1 && event == Json::parse_event_t::key && !names.insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  try {
    Json json = Json::parse(text, check);
    if (!json.is_object()) return DataLoss(std::string("expected a JSON object, got ") + json.type_name());
    if (!twice.empty()) return DataLoss("'" + twice.substr(0, 200) + "' stands twice");
    return json;
  } catch (const Json::exception& error) {
    return DataLoss(std::string("no JSON: ") + error.what());
  }
}

const Json& JsonField(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto it = object.find(name);
  return it == object.end() ? kNull : *it;
}

std::string JsonShown(const Json& value, size_t limit) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= limit ? text : text.substr(0, limit) + "...";
}

}  // namespace retort
