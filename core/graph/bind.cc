#include "core/graph/bind.h"

#include <algorithm>
#include <memory>

namespace retort {
namespace {

using Arguments = std::map<std::string, YamlNodePtr>;

constexpr std::string_view kDefault = ":-";
constexpr size_t kMaxBytes = 64 * 1024;  // of one text; arguments may be put in many times
constexpr size_t kBytesOfAValue = 64;

/// The argument that the text of a reference names, or null.
YamlNodePtr ArgumentOf(const std::string& inside, const Arguments& arguments) {
  const auto found = arguments.find(inside.substr(0, inside.find(kDefault)));
  return found == arguments.end() ? nullptr : found->second;
}

std::string TextFor(const std::string& inside, const YamlNode& argument) {
  const size_t bar = inside.find(kDefault);
  const bool empty = argument.kind == YamlNode::Kind::kNull || argument.text.empty();
  return empty && bar != std::string::npos ? inside.substr(bar + kDefault.size()) : argument.text;
}

/// False where it is used up.
bool Spend(size_t cost, size_t* budget) {
  *budget -= std::min(cost, *budget);
  return *budget > 0;
}

YamlNodePtr BoundScalar(const YamlNodePtr& node, const Arguments& arguments, size_t* budget) {
  const std::string& text = node->text;
  std::string out;
  bool changed = false;
  for (size_t i = 0; i < text.size() && out.size() <= kMaxBytes;) {
    const bool escaped = text.compare(i, 3, "$${") == 0;
    const size_t end = !escaped && text.compare(i, 2, "${") == 0 ? text.find('}', i) : std::string::npos;
    const YamlNodePtr argument =
        end == std::string::npos ? nullptr : ArgumentOf(text.substr(i + 2, end - i - 2), arguments);
    if (argument == nullptr) {
      out.append(text, i, escaped ? 3 : 1);
      i += escaped ? 3 : 1;
      continue;
    }
    const bool whole = i == 0 && end + 1 == text.size() && text.find(kDefault) == std::string::npos;
    if (whole) return Spend(argument->nodes, budget) ? argument : node;
    out += TextFor(text.substr(i + 2, end - i - 2), *argument);
    changed = true;
    i = end + 1;
  }
  if (!Spend(1 + out.size() / kBytesOfAValue, budget) || !changed) return node;
  auto bound = std::make_shared<YamlNode>(*node);
  bound->text = std::move(out);
  bound->offset = kNoOffset;
  return bound;
}

}  // namespace

YamlNodePtr Bound(const YamlNodePtr& node, const Arguments& arguments, size_t* budget) {
  if (!Spend(1, budget) || node->kind == YamlNode::Kind::kNull) return node;
  if (node->kind == YamlNode::Kind::kScalar) return BoundScalar(node, arguments, budget);
  auto bound = std::make_shared<YamlNode>(*node);
  for (YamlNodePtr& item : bound->items) item = Bound(item, arguments, budget);
  for (YamlEntry& entry : bound->entries) entry.value = Bound(entry.value, arguments, budget);
  return bound;
}

}  // namespace retort
