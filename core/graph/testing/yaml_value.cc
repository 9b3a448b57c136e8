#include "core/graph/testing/yaml_value.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

Json PlainScalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "Null" || text == "NULL") return nullptr;
  if (text == "True" || text == "TRUE") return true;
  if (text == "False" || text == "FALSE") return false;
  Json value = Json::parse(text, nullptr, false);  // numbers and literals are written as in JSON
  return value.is_primitive() && !value.is_discarded() && !value.is_string() ? value : Json(text);
}

}  // namespace

Json JsonOf(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return nullptr;
    case YamlNode::Kind::kScalar: return node.quoted ? Json(node.text) : PlainScalar(node.text);
    case YamlNode::Kind::kSequence: {
      Json list = Json::array();
      for (const YamlNodePtr& item : node.items) list.push_back(JsonOf(*item));
      return list;
    }
    case YamlNode::Kind::kMap: break;
  }
  Json map = Json::object();
  for (const YamlEntry& entry : node.entries) map[entry.key] = JsonOf(*entry.value);
  return map;
}

}  // namespace retort
