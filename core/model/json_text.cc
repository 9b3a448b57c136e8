#include "core/model/json_text.h"

#include <set>
#include <string>

#include "core/base/json_depth.h"

namespace retort {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;

}  // namespace

Result<Json> ParseJsonObject(std::string_view text) {
  if (FindDeeperJson(text, kMaxDepth) != text.npos)
    return DataLoss("JSON that nests deeper than " + std::to_string(kMaxDepth) + " levels");
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
