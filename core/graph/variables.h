// `${name}`, `${name:-default}`, `${ENV:NAME}` and `${SECRET:NAME}` in the scalars of a pipeline. Substitution works on
// parsed values, so a variable's text can never change the file's structure. Rules:
// core/design/002-pipeline-language.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/graph/yaml_tree.h"

namespace retort {

inline constexpr size_t kMaxExpandedBytes = 64 * 1024;  // of one scalar

class Variables {
 public:
  /// `overrides`: values from the command line, taken literally. With `allow_unset`, a declared variable without a
  /// value is a warning and what uses it stays unknown; otherwise it is an error.
  Variables(const SourceText& source, Diagnostics& diagnostics, std::map<std::string, std::string> overrides,
            bool allow_unset);

  /// Read the `variables` section: scalars by name; null = must be given. Call once, before Expand; `section` must
  /// outlive this.
  void Declare(const YamlNode& section);

  struct Text {
    std::string value;
    bool substituted = false;  // a variable stood in it: its type comes from where it is used, quotes mean nothing
    bool known = true;         // false: depends on a variable that has no value yet or is faulty
    bool secret = false;       // a part of it must not be shown
  };
  /// The text of a scalar. Faults are reported at their place inside the scalar; then `known` is false.
  Text Expand(const YamlNode& scalar);

  /// The text of every variable that has one; `(secret)` for those that hold one.
  std::map<std::string, std::string> Values() const;

  /// After everything was expanded: report overrides that name no variable, and variables without a value or without a
  /// use. Where something was `laid_over` the file, it may have taken the place of a use: nothing is said of those.
  void ReportUnused(bool laid_over);

 private:
  struct Declared {
    const YamlNode* value;
    Place place;
  };
  Text Resolve(const std::string& name);
  Text Reference(const std::string& inside, Place place);
  Text Environment(const std::string& key, const std::optional<std::string>& fallback, Place place);
  Text Secret(const std::string& key, Place place);
  Place PlaceInside(const YamlNode& scalar, size_t index) const;

  const SourceText& source_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::string> overrides_;
  bool allow_unset_;
  std::map<std::string, Declared> declared_;
  std::vector<std::string> names_;  // declared, in order
  std::map<std::string, Text> resolved_;
  std::vector<std::string> resolving_;  // for cycles
  std::set<std::string> used_;
  std::set<std::string> missing_;  // used, but without a value
};

}  // namespace retort
