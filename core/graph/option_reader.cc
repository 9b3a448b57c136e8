#include "core/graph/option_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/graph/nearest_name.h"

namespace retort {
namespace {

template <typename Number>
bool ParseNumber(std::string_view text, Number* out) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool InRange(const OptionSpec& spec, double value) {
  return !(value < spec.minimum) && !(value > spec.maximum);  // NaN bounds bound nothing
}

std::string_view TypeName(retort_option_type type) {
  switch (type) {
    case RETORT_OPTION_BOOL: return "true or false";
    case RETORT_OPTION_INT: return "a whole number";
    case RETORT_OPTION_FLOAT: return "a number";
    case RETORT_OPTION_PATH: return "a path";
    case RETORT_OPTION_MODEL: return "a name under `models:`";
    case RETORT_OPTION_STRING_LIST: return "a list of texts";
    default: return "text";
  }
}

Status Wrong(const std::string& why) { return InvalidArgument(why); }

}  // namespace

std::string RangeText(const OptionSpec& spec) {
  std::string text;
  const bool low = !std::isnan(spec.minimum), high = !std::isnan(spec.maximum);
  if (low && high) {
    text = fmt::format("from {} to {}", spec.minimum, spec.maximum);
  } else if (low) {
    text = fmt::format("of at least {}", spec.minimum);
  } else if (high) {
    text = fmt::format("of at most {}", spec.maximum);
  }
  if (!spec.unit.empty()) text += (text.empty() ? "of " : " ") + spec.unit;
  return text;
}

std::string ExpectedValue(const OptionSpec& spec) {
  if (spec.type == RETORT_OPTION_ENUM) return (spec.choices.size() > 1 ? "one of " : "") + NameList(spec.choices);
  std::string text(TypeName(spec.type));
  const std::string range = RangeText(spec);
  return range.empty() ? text : text + " " + range;
}

Result<OptionValue> ParseOptionText(const OptionSpec& spec, const std::string& text) {
  switch (spec.type) {
    case RETORT_OPTION_BOOL:
      if (text == "true" || text == "True" || text == "TRUE") return OptionValue(true);
      if (text == "false" || text == "False" || text == "FALSE") return OptionValue(false);
      return Wrong("which is neither true nor false");
    case RETORT_OPTION_INT: {
      int64_t value = 0;
      if (!ParseNumber(text, &value)) return Wrong("which is not a whole number");
      if (!InRange(spec, static_cast<double>(value))) return Wrong("which is out of range");
      return OptionValue(value);
    }
    case RETORT_OPTION_FLOAT: {
      double value = 0;
      if (!ParseNumber(text, &value) || !std::isfinite(value)) return Wrong("which is not a number");
      if (!InRange(spec, value)) return Wrong("which is out of range");
      return OptionValue(value);
    }
    case RETORT_OPTION_ENUM:
      if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
        return Wrong("which is not a choice");
      return OptionValue(text);
    case RETORT_OPTION_STRING_LIST: return OptionValue(std::vector<std::string>{text});
    default: return OptionValue(text);
  }
}

Result<OptionValue> DefaultOptionValue(const OptionSpec& spec) {
  if (spec.type != RETORT_OPTION_STRING_LIST) return ParseOptionText(spec, spec.default_value);
  std::vector<std::string> items;
  if (spec.default_value.empty()) return OptionValue(items);
  const SourceText source("default of " + spec.name, spec.default_value);
  Diagnostics diagnostics(source.file());
  const YamlNodePtr root = ParseYaml(source, diagnostics);
  if (root == nullptr || root->kind != YamlNode::Kind::kSequence) return Wrong("which is not a YAML list");
  for (const YamlNodePtr& item : root->items) items.push_back(item->text);
  return OptionValue(items);
}

OptionValues OptionReader::ReadSection(const YamlNode* section, Place place, const std::string& owner,
                                       const std::vector<OptionSpec>& specs, const std::vector<std::string>& others) {
  OptionValues out;
  std::vector<std::string> known = others;
  for (const OptionSpec& spec : specs) known.push_back(spec.name);
  if (section != nullptr && section->kind == YamlNode::Kind::kNull) section = nullptr;
  if (section != nullptr && section->kind != YamlNode::Kind::kMap) {
    diagnostics_.Error(Rule::kWrongKind, section->place,
                       owner + ": options are a map, but here is " + DescribeNode(*section), "`name: value` pairs");
    section = nullptr;
  }
  if (section != nullptr) {
    for (const YamlEntry& entry : section->entries) {
      if (std::find(known.begin(), known.end(), entry.key) == known.end()) ReportUnknownKey(entry, owner, known);
    }
  }
  for (const OptionSpec& spec : specs) {
    const YamlEntry* given = section == nullptr ? nullptr : FindMeant(*section, spec.name, known);
    if (given != nullptr) {
      out.places[spec.name] = given->value->place;
      if (auto value = ReadValue(*given->value, given->place, owner, spec)) out.values[spec.name] = *std::move(value);
    } else if (spec.required) {
      diagnostics_.Error(Rule::kMissingOption, place, owner + ": option `" + spec.name + "` is missing",
                         "`" + spec.name + ":` with " + ExpectedValue(spec));
    } else if (auto value = DefaultOptionValue(spec); value.ok()) {
      out.values[spec.name] = *std::move(value);
    } else {
      diagnostics_.Error(Rule::kPluginFault, place,
                         owner + ": the stage's own default of `" + spec.name + "` is `" + spec.default_value + "`, " +
                             value.status().message(),
                         "a plugin whose descriptor is right, or a value given here");
    }
  }
  return out;
}

const YamlEntry* OptionReader::FindMeant(const YamlNode& map, const std::string& key,
                                         const std::vector<std::string>& known) {
  const YamlEntry* meant = nullptr;
  const std::vector<std::string> one = {key};  // most keys are near to none, which is soon seen
  for (const YamlEntry& entry : map.entries) {
    if (entry.key == key) return &entry;
    const bool is_known = std::find(known.begin(), known.end(), entry.key) != known.end();
    if (!is_known && !NearestName(entry.key, one).empty() && NearestName(entry.key, known) == key) meant = &entry;
  }
  return meant;
}

std::optional<OptionValue> OptionReader::ReadValue(const YamlNode& node, Place key, const std::string& owner,
                                                   const OptionSpec& spec) {
  if (spec.type == RETORT_OPTION_STRING_LIST && node.kind == YamlNode::Kind::kSequence)
    return ReadList(node, owner, spec);
  const std::string what = owner + ": `" + spec.name + "` is ";
  if (node.kind != YamlNode::Kind::kScalar) {
    diagnostics_.Error(Rule::kWrongKind, node.kind == YamlNode::Kind::kNull ? key : node.place,
                       what + DescribeNode(node), ExpectedValue(spec));
    return std::nullopt;
  }
  const Variables::Text text = variables_.Expand(node);
  if (!text.known) return std::nullopt;
  const bool number =
      spec.type == RETORT_OPTION_BOOL || spec.type == RETORT_OPTION_INT || spec.type == RETORT_OPTION_FLOAT;
  auto value = ParseOptionText(spec, text.value);
  const std::string shown =
      text.value.size() > 60 ? "a text of " + std::to_string(text.value.size()) + " bytes" : "`" + text.value + "`";
  const std::string from = text.substituted ? " (from `" + node.text + "`)" : "";
  if (!value.ok()) {
    diagnostics_.Error(Rule::kWrongValue, node.place, what + shown + from + ", " + value.status().message(),
                       ExpectedValue(spec),
                       spec.type == RETORT_OPTION_ENUM ? NearestName(text.value, spec.choices) : "");
    return std::nullopt;
  }
  if (number && node.quoted && !text.substituted) {
    diagnostics_.Error(Rule::kQuotedNumber, node.place, what + "text, since it stands in quotes", ExpectedValue(spec),
                       text.value);
    return std::nullopt;
  }
  return *std::move(value);
}

std::optional<OptionValue> OptionReader::ReadList(const YamlNode& node, const std::string& owner,
                                                  const OptionSpec& spec) {
  std::vector<std::string> items;
  bool known = true;
  for (const YamlNodePtr& item : node.items) {
    if (item->kind != YamlNode::Kind::kScalar) {
      diagnostics_.Error(Rule::kWrongKind, item->place,
                         owner + ": an item of `" + spec.name + "` is " + DescribeNode(*item), ExpectedValue(spec));
      known = false;
      continue;
    }
    Variables::Text text = variables_.Expand(*item);
    known = known && text.known;
    items.push_back(std::move(text.value));
  }
  if (!known) return std::nullopt;
  return OptionValue(std::move(items));
}

std::optional<std::string> OptionReader::ReadText(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kScalar) {
    diagnostics_.Error(Rule::kWrongKind, node.place, what + " is " + DescribeNode(node), "text");
    return std::nullopt;
  }
  Variables::Text text = variables_.Expand(node);
  if (!text.known) return std::nullopt;
  return std::move(text.value);
}

void OptionReader::ExpandAll(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) variables_.Expand(node);
  for (const YamlNodePtr& item : node.items) ExpandAll(*item);
  for (const YamlEntry& entry : node.entries) ExpandAll(*entry.value);
}

void OptionReader::ReportUnknownKey(const YamlEntry& entry, const std::string& owner,
                                    const std::vector<std::string>& known) {
  diagnostics_.Error(Rule::kUnknownKey, entry.place, owner + ": there is no `" + entry.key + "` here",
                     known.empty() ? "no options: it has none" : "one of " + NameList(known),
                     NearestName(entry.key, known));
  ExpandAll(*entry.value);
}

}  // namespace retort
