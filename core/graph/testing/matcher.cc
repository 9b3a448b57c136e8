#include "core/graph/testing/matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Matcher::Kind;

constexpr std::array<Matcher::KindText, 16> kKinds = {{
    {Kind::kEquals, "equals", "a value", "The value is this one; numbers are equal as numbers."},
    {Kind::kNot, "not", "a value or conditions", "The value is not so."},
    {Kind::kContains, "contains", "text or a value", "The text has this in it, or the list this value."},
    {Kind::kStartsWith, "starts_with", "text", "The text begins with this."},
    {Kind::kEndsWith, "ends_with", "text", "The text ends with this."},
    {Kind::kMatches, "matches", "a regular expression", "It is found in the text (PCRE2)."},
    {Kind::kType, "type", "a type", "`string`, `number`, `integer`, `boolean`, `array`, `object` or `null`."},
    {Kind::kExists, "exists", "true or false", "There is such a field, or none."},
    {Kind::kGreaterThan, "greater_than", "a number", "The number is above this."},
    {Kind::kAtLeast, "at_least", "a number", "The number is this or above."},
    {Kind::kLessThan, "less_than", "a number", "The number is below this."},
    {Kind::kAtMost, "at_most", "a number", "The number is this or below."},
    {Kind::kNear, "near", "[number, distance]", "The number is no further than the distance from this one."},
    {Kind::kLength, "length", "a number or conditions",
     "So many characters has the text, items the list, or fields the object."},
    {Kind::kOneOf, "one_of", "a list", "The value is one of these."},
    {Kind::kEach, "each", "a value or conditions", "Every item of the list is so."},
}};

constexpr size_t kShownBytes = 160;

std::string Shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kShownBytes) return text;
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}... ({} bytes)", text.substr(0, end), text.size());
}

bool IsType(const Json& value, const std::string& type) {
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  return type == value.type_name();  // string, boolean, array, object, null
}

/// Whatever the order of an object's fields.
bool Same(const Json& a, const Json& b) {
  return a.is_structured() && b.is_structured() ? nlohmann::json(a) == nlohmann::json(b) : a == b;
}

bool IsAmong(const Json& value, const Json& list) {
  return std::any_of(list.begin(), list.end(), [&](const Json& item) { return Same(item, value); });
}

bool Contains(const Json& value, const Json& part) {
  if (value.is_array()) return IsAmong(part, value);
  return value.is_string() && part.is_string() &&
         value.get_ref<const std::string&>().find(part.get_ref<const std::string&>()) != std::string::npos;
}

/// Characters, items or fields; negative where the value has no length.
int64_t LengthOf(const Json& value) {
  if (value.is_structured()) return static_cast<int64_t>(value.size());
  if (!value.is_string()) return -1;
  const auto& text = value.get_ref<const std::string&>();
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

bool HoldsForText(Kind kind, const Json& value, const Json& operand) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const auto& part = operand.get_ref<const std::string&>();
  return kind == Kind::kStartsWith ? text.starts_with(part) : text.ends_with(part);
}

bool HoldsForNumber(Kind kind, const Json& value, const Json& operand) {
  if (!value.is_number()) return false;
  switch (kind) {
    case Kind::kGreaterThan: return value > operand;
    case Kind::kAtLeast: return value >= operand;
    case Kind::kLessThan: return value < operand;
    case Kind::kAtMost: return value <= operand;
    default: return std::abs(value.get<double>() - operand[0].get<double>()) <= operand[1].get<double>();
  }
}

}  // namespace

std::span<const Matcher::KindText> Matcher::Kinds() { return kKinds; }

std::optional<Mismatch> Matcher::Check(const Json* value) const {
  for (const Condition& condition : conditions_) {
    if (condition.kind == Kind::kExists) {
      if (condition.operand.get<bool>() != (value != nullptr))
        return Mismatch{"", TextOf(condition), value == nullptr ? "nothing" : Shown(*value)};
    } else if (value == nullptr) {
      if (condition.kind != Kind::kNot) return Mismatch{"", TextOf(condition), "nothing"};
    } else if (auto mismatch = CheckCondition(condition, *value)) {
      return mismatch;
    }
  }
  return std::nullopt;
}

std::optional<Mismatch> Matcher::CheckCondition(const Condition& condition, const Json& value) {
  const Json& operand = condition.operand;
  const auto unless = [&](bool holds) {
    return holds ? std::nullopt : std::optional(Mismatch{"", TextOf(condition), Shown(value)});
  };
  switch (condition.kind) {
    case Kind::kEquals: return unless(Same(value, operand));
    case Kind::kNot: return unless(condition.inner[0].Check(&value).has_value());
    case Kind::kContains: return unless(Contains(value, operand));
    case Kind::kStartsWith:
    case Kind::kEndsWith: return unless(HoldsForText(condition.kind, value, operand));
    case Kind::kType: return unless(IsType(value, operand.get_ref<const std::string&>()));
    case Kind::kOneOf: return unless(IsAmong(value, operand));
    case Kind::kMatches: {
      if (!value.is_string()) return unless(false);
      const auto found = condition.pattern->FoundIn(value.get_ref<const std::string&>());
      if (found.ok()) return unless(*found);
      return Mismatch{"", TextOf(condition), Shown(value) + ", where the search failed: " + found.status().message()};
    }
    case Kind::kLength: {
      const int64_t length = LengthOf(value);
      if (length < 0) return unless(false);
      const Json number = length;
      if (!condition.inner[0].Check(&number)) return std::nullopt;
      return Mismatch{"", TextOf(condition), fmt::format("{}, of length {}", Shown(value), length)};
    }
    case Kind::kEach:
      if (!value.is_array()) return unless(false);
      for (size_t i = 0; i < value.size(); ++i) {
        if (auto mismatch = condition.inner[0].Check(&value[i])) {
          mismatch->pointer = fmt::format("/{}{}", i, mismatch->pointer);
          return mismatch;
        }
      }
      return std::nullopt;
    default: return unless(HoldsForNumber(condition.kind, value, operand));
  }
}

std::string Matcher::Text() const {
  std::string text;
  for (const Condition& condition : conditions_) text += (text.empty() ? "" : ", and ") + TextOf(condition);
  return text;
}

std::string Matcher::TextOf(const Condition& condition) {
  switch (condition.kind) {
    case Kind::kEquals: return Shown(condition.operand);
    case Kind::kNot: return "not " + condition.inner[0].Text();
    case Kind::kContains: return "something that contains " + Shown(condition.operand);
    case Kind::kStartsWith: return "text that begins with " + Shown(condition.operand);
    case Kind::kEndsWith: return "text that ends with " + Shown(condition.operand);
    case Kind::kMatches: return "text in which `" + condition.pattern->text() + "` is found";
    case Kind::kType: return "of type " + condition.operand.get<std::string>();
    case Kind::kExists: return condition.operand.get<bool>() ? "something" : "nothing";
    case Kind::kGreaterThan: return "more than " + Shown(condition.operand);
    case Kind::kAtLeast: return "at least " + Shown(condition.operand);
    case Kind::kLessThan: return "less than " + Shown(condition.operand);
    case Kind::kAtMost: return "at most " + Shown(condition.operand);
    case Kind::kNear:
      return fmt::format("{} with a distance of at most {}", Shown(condition.operand[0]), Shown(condition.operand[1]));
    case Kind::kLength: return "a length of " + condition.inner[0].Text();
    case Kind::kOneOf: return "one of " + Shown(condition.operand);
    case Kind::kEach: return "a list of " + condition.inner[0].Text();
  }
  return "";
}

}  // namespace retort
