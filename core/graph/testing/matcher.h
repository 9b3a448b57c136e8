// What a test expects of a JSON value: the value itself, or a map of conditions on it, such as
// `{ contains: Paris, length: { at_most: 40 } }`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/graph/testing/pattern.h"
#include "core/graph/yaml_tree.h"

namespace retort {

/// Where a value is not what was expected.
struct Mismatch {
  std::string pointer;   // below the value that was checked; "" for itself
  std::string expected;  // "text that contains \"Paris\""
  std::string actual;    // JSON, shortened; "nothing" where there is no such field
};

class Matcher {
 public:
  enum class Kind {
    kEquals,
    kNot,
    kContains,
    kStartsWith,
    kEndsWith,
    kMatches,
    kType,
    kExists,
    kGreaterThan,
    kAtLeast,
    kLessThan,
    kAtMost,
    kNear,
    kLength,
    kOneOf,
    kEach
  };
  struct KindText {
    Kind kind;
    std::string_view name;     // as in YAML
    std::string_view operand;  // what stands behind it
    std::string_view text;     // when it holds
  };
  /// All kinds, for reading, the schema and the reference.
  static std::span<const KindText> Kinds();

  /// A value that must be equal, or a map of conditions that must all hold. nullopt after reporting a fault; what is
  /// said begins with `owner`.
  static std::optional<Matcher> Read(const YamlNode& node, const std::string& owner, Diagnostics& diagnostics);

  /// nullopt where `value` (null: there is none) is as expected.
  std::optional<Mismatch> Check(const nlohmann::ordered_json* value) const;

  /// "at least 3", "text that contains \"Paris\"".
  std::string Text() const;

 private:
  struct Condition {
    Kind kind = Kind::kEquals;
    nlohmann::ordered_json operand{};
    std::optional<Pattern> pattern{};
    std::vector<Matcher> inner{};  // one, of kNot, kLength and kEach
  };
  static std::optional<Condition> ReadCondition(const YamlEntry& entry, const std::string& owner,
                                                Diagnostics& diagnostics);
  static std::optional<Mismatch> CheckCondition(const Condition& condition, const nlohmann::ordered_json& value);
  static std::string TextOf(const Condition& condition);

  std::vector<Condition> conditions_;
};

}  // namespace retort
