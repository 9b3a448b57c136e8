// Values of options: text from YAML checked against an OptionSpec. One place for the options of stages, models and the
// engine, so that all of them are checked and explained alike.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/variables.h"
#include "core/plugin/descriptor.h"
#include "retort/status.h"

namespace retort {

/// What may stand there: "a whole number from 1 to 64 tokens", "one of `a` or `b`", ...
std::string ExpectedValue(const OptionSpec& spec);
/// "from 0 to 2 tokens" of a number's bounds and unit; "" where there are none.
std::string RangeText(const OptionSpec& spec);

/// A scalar as the option's type; lists become a list of one. Errors: kInvalidArgument saying how the text is wrong.
Result<OptionValue> ParseOptionText(const OptionSpec& spec, const std::string& text);
/// The default that the spec writes down. Errors: as ParseOptionText.
Result<OptionValue> DefaultOptionValue(const OptionSpec& spec);

/// The values of one map, checked.
struct OptionValues {
  std::map<std::string, OptionValue> values;  // every spec's name, given or default, unless it is faulty or unknown
  std::map<std::string, Place> places;        // of the values given

  /// The value of a type that its spec says; nullopt where it was faulty.
  template <typename T>
  std::optional<T> Get(const std::string& name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(std::get<T>(found->second));
  }
  /// Likewise, into `field`, which stays as it is where the value was faulty.
  template <typename T, typename Field>
  void Set(const std::string& name, Field& field) const {
    if (const auto value = Get<T>(name)) field = static_cast<Field>(*value);
  }
};

class OptionReader {
 public:
  OptionReader(Variables& variables, Diagnostics& diagnostics) : variables_(variables), diagnostics_(diagnostics) {}

  /// Read `section` (may be null: nothing given) against `specs`. Faults begin with `owner`, e.g. "stage `read`";
  /// missing options are reported at `place`. Keys in `others` are left to the caller.
  OptionValues ReadSection(const YamlNode* section, Place place, const std::string& owner,
                           const std::vector<OptionSpec>& specs, const std::vector<std::string>& others = {});

  /// The text of a scalar that must be there; nullopt after reporting.
  std::optional<std::string> ReadText(const YamlNode& node, const std::string& what);

  /// Expand every scalar of a value that nothing else reads, so that its variables are known and its faults reported.
  void ExpandAll(const YamlNode& node);

  /// The entry of `key`, else one whose key is none of `known` and near to this one: it is reported, and taken for what
  /// it means. Null where there is neither.
  static const YamlEntry* FindMeant(const YamlNode& map, const std::string& key, const std::vector<std::string>& known);

  /// Report `entry` as unknown among `known`.
  void ReportUnknownKey(const YamlEntry& entry, const std::string& owner, const std::vector<std::string>& known);

 private:
  std::optional<OptionValue> ReadValue(const YamlNode& node, Place key, const std::string& owner,
                                       const OptionSpec& spec);
  std::optional<OptionValue> ReadList(const YamlNode& node, const std::string& owner, const OptionSpec& spec);

  Variables& variables_;
  Diagnostics& diagnostics_;
};

}  // namespace retort
