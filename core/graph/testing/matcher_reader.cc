// Matchers from YAML.
#include <algorithm>

#include "core/graph/nearest_name.h"
#include "core/graph/testing/matcher.h"
#include "core/graph/testing/yaml_value.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Matcher::Kind;

const std::vector<std::string>& KindNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& kind : Matcher::Kinds()) list.emplace_back(kind.name);
    return list;
  }();
  return names;
}

const std::vector<std::string>& TypeNames() {
  static const std::vector<std::string> names = {"string", "number", "integer", "boolean", "array", "object", "null"};
  return names;
}

/// Whether the operand is of the form that the kind takes.
bool Fits(Kind kind, const Json& operand) {
  switch (kind) {
    case Kind::kStartsWith:
    case Kind::kEndsWith:
    case Kind::kMatches: return operand.is_string();
    case Kind::kType:
      return operand.is_string() &&
             std::find(TypeNames().begin(), TypeNames().end(), operand.get<std::string>()) != TypeNames().end();
    case Kind::kExists: return operand.is_boolean();
    case Kind::kGreaterThan:
    case Kind::kAtLeast:
    case Kind::kLessThan:
    case Kind::kAtMost: return operand.is_number();
    case Kind::kNear:
      return operand.is_array() && operand.size() == 2 && operand[0].is_number() && operand[1].is_number() &&
             operand[1] >= 0;
    case Kind::kOneOf: return operand.is_array() && !operand.empty();
    default: return true;
  }
}

}  // namespace

std::optional<Matcher> Matcher::Read(const YamlNode& node, const std::string& owner, Diagnostics& diagnostics) {
  Matcher matcher;
  if (node.kind != YamlNode::Kind::kMap) {
    matcher.conditions_.push_back({Kind::kEquals, JsonOf(node)});
    return matcher;
  }
  if (node.entries.empty()) {
    diagnostics.Error(Rule::kTestMatcher, node.place, owner + " has no condition",
                      "one of " + NameList(KindNames(), KindNames().size()) + ", or `equals: {}` for an empty object");
    return std::nullopt;
  }
  bool good = true;
  for (const YamlEntry& entry : node.entries) {
    auto condition = ReadCondition(entry, owner, diagnostics);
    good = good && condition.has_value();
    if (condition) matcher.conditions_.push_back(*std::move(condition));
  }
  return good ? std::optional(std::move(matcher)) : std::nullopt;
}

std::optional<Matcher::Condition> Matcher::ReadCondition(const YamlEntry& entry, const std::string& owner,
                                                         Diagnostics& diagnostics) {
  const auto kind =
      std::find_if(Kinds().begin(), Kinds().end(), [&](const KindText& k) { return k.name == entry.key; });
  if (kind == Kinds().end()) {
    diagnostics.Error(
        Rule::kUnknownKey, entry.place, owner + ": there is no condition `" + entry.key + "`",
        "one of " + NameList(KindNames(), KindNames().size()) + "; an object as a whole is `equals: {...}`",
        NearestName(entry.key, KindNames()));
    return std::nullopt;
  }
  Condition condition{kind->kind, JsonOf(*entry.value)};
  if (kind->kind == Kind::kNot || kind->kind == Kind::kLength || kind->kind == Kind::kEach) {
    auto inner = Read(*entry.value, owner + ": `" + entry.key + "`", diagnostics);
    if (!inner) return std::nullopt;
    condition.inner.push_back(*std::move(inner));
  } else if (!Fits(kind->kind, condition.operand)) {
    diagnostics.Error(Rule::kTestMatcher, entry.value->kind == YamlNode::Kind::kNull ? entry.place : entry.value->place,
                      owner + ": `" + entry.key + "` is " + DescribeNode(*entry.value),
                      kind->kind == Kind::kType ? "one of " + NameList(TypeNames()) : std::string(kind->operand));
    return std::nullopt;
  } else if (kind->kind == Kind::kMatches) {
    auto pattern = Pattern::Compile(condition.operand.get<std::string>());
    if (!pattern.ok()) {
      diagnostics.Error(Rule::kTestMatcher, entry.value->place, owner + ": " + pattern.status().message(),
                        std::string(kind->operand));
      return std::nullopt;
    }
    condition.pattern = *std::move(pattern);
  }
  return condition;
}

}  // namespace retort
