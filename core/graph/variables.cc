#include "core/graph/variables.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/secrets.h"
#include "core/base/text_file.h"
#include "core/graph/nearest_name.h"

namespace retort {
namespace {

constexpr size_t kMostSecretBytes = 1 << 16;

constexpr std::string_view kEnvironment = "ENV:";
constexpr std::string_view kSecret = "SECRET:";
constexpr std::string_view kDefault = ":-";

bool IsName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), inner);
}

}  // namespace

Variables::Variables(const SourceText& source, Diagnostics& diagnostics, std::map<std::string, std::string> overrides,
                     bool allow_unset)
    : source_(source), diagnostics_(diagnostics), overrides_(std::move(overrides)), allow_unset_(allow_unset) {}

void Variables::Declare(const YamlNode& section) {
  for (const YamlEntry& entry : section.entries) {
    if (!IsName(entry.key)) {
      diagnostics_.Error(Rule::kVariableName, entry.place, "`" + entry.key + "` is not a variable's name",
                         "letters, digits, `_` and `-`, a letter first");
      continue;
    }
    if (entry.value->kind == YamlNode::Kind::kSequence || entry.value->kind == YamlNode::Kind::kMap) {
      diagnostics_.Error(Rule::kVariableKind, entry.value->place,
                         "variable `" + entry.key + "`: the default is " + DescribeNode(*entry.value),
                         "one value, or nothing where it must be given");
      resolved_[entry.key].known = false;
    }
    declared_[entry.key] = {entry.value.get(), entry.place};
    names_.push_back(entry.key);
  }
  for (const std::string& name : names_) Resolve(name);
}

Variables::Text Variables::Expand(const YamlNode& scalar) {
  Text out;
  const std::string& text = scalar.text;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 3, "$${") == 0) {
      out.value += "${";
      i += 3;
    } else if (text.compare(i, 2, "${") == 0) {
      const size_t end = text.find('}', i);
      out.substituted = true;
      if (end == std::string::npos) {
        diagnostics_.Error(Rule::kUnterminatedReference, PlaceInside(scalar, i), "`${` without its `}`",
                           "`${name}`; `$${` stands for the text `${`");
        out.known = false;
        return out;
      }
      const Text part = Reference(text.substr(i + 2, end - i - 2), PlaceInside(scalar, i));
      out.value += part.value;
      out.known = out.known && part.known;
      out.secret = out.secret || part.secret;
      i = end + 1;
    } else {
      out.value += text[i++];
    }
    if (out.value.size() > kMaxExpandedBytes) {
      diagnostics_.Error(Rule::kTextTooLong, scalar.place,
                         "with its variables this text is longer than " + std::to_string(kMaxExpandedBytes) + " bytes",
                         "a shorter text");
      return {"", true, false};
    }
  }
  return out;
}

Variables::Text Variables::Reference(const std::string& inside, Place place) {
  const size_t bar = inside.find(kDefault);
  const std::string name = inside.substr(0, bar);
  const std::string fallback = bar == std::string::npos ? "" : inside.substr(bar + kDefault.size());
  const bool environment = name.starts_with(kEnvironment), secret = name.starts_with(kSecret);
  const std::string key = environment ? name.substr(kEnvironment.size()) : secret ? name.substr(kSecret.size()) : name;
  const Text unknown{"", true, false};
  if (!IsName(key)) {
    diagnostics_.Error(Rule::kBadReference, place, "`${" + inside + "}` names no variable",
                       "`${name}`, `${name:-default}`, `${ENV:NAME}` or `${SECRET:NAME}`");
    return unknown;
  }
  if (environment) return Environment(key, bar == std::string::npos ? std::nullopt : std::optional(fallback), place);
  if (secret) return Secret(key, place);
  used_.insert(key);
  if (!declared_.contains(key) && !overrides_.contains(key)) {
    if (bar != std::string::npos) return {fallback, true, true};
    const std::string nearest = NearestName(key, names_);
    used_.insert(nearest);
    diagnostics_.Error(Rule::kUnknownVariable, place, "there is no variable `" + key + "`",
                       "a default under `variables:`, or a value with `-s " + key + "=...`", nearest);
    return unknown;
  }
  if (!overrides_.contains(key) && declared_.at(key).value->kind == YamlNode::Kind::kNull) {
    if (bar != std::string::npos) return {fallback, true, true};
    missing_.insert(key);
    return unknown;
  }
  Text value = Resolve(key);
  if (bar != std::string::npos && value.known && value.value.empty()) value.value = fallback;
  value.substituted = true;
  return value;
}

Variables::Text Variables::Environment(const std::string& key, const std::optional<std::string>& fallback,
                                       Place place) {
  const char* const value = std::getenv(key.c_str());
  if (value != nullptr && (*value != '\0' || !fallback)) return {value, true, true};
  if (fallback) return {*fallback, true, true};
  diagnostics_.Error(Rule::kNotInEnvironment, place, "the environment has no variable `" + key + "`",
                     "it to be exported, or a default: `${ENV:" + key + ":-default}`");
  return {"", true, false};
}

Variables::Text Variables::Secret(const std::string& key, Place place) {
  Text text{"", true, true, true};
  const std::string file_name = key + "_FILE";
  const char* const value = std::getenv(key.c_str());
  const char* const path = std::getenv(file_name.c_str());
  std::string fault;
  if (value != nullptr) {
    text.value = value;
  } else if (path != nullptr) {
    auto bytes = ReadBytes(path, "a file with the secret and nothing else", kMostSecretBytes);
    if (bytes.ok()) text.value = *std::move(bytes);
    if (!bytes.ok()) fault = "the secret `" + key + "`: " + bytes.status().message();
    while (text.value.ends_with('\n') || text.value.ends_with('\r')) text.value.pop_back();
  } else {
    fault = "there is no secret `" + key + "`";
  }
  if (fault.empty() && text.value.size() < kLeastSecretBytes)
    fault = "the secret `" + key + "` has less than " + std::to_string(kLeastSecretBytes) +
            " bytes, so it cannot be kept out of what is printed";
  KeepSecret(text.value);
  if (fault.empty()) return text;
  const std::string expected =
      "the variable `" + key + "` in the environment, or `" + file_name + "` with a file's path";
  allow_unset_ ? diagnostics_.Warning(Rule::kMissingSecret, place, fault, expected)
               : diagnostics_.Error(Rule::kMissingSecret, place, fault, expected);
  return {"", true, false, true};
}

Variables::Text Variables::Resolve(const std::string& name) {
  if (const auto given = overrides_.find(name); given != overrides_.end()) return {given->second, true, true};
  if (const auto known = resolved_.find(name); known != resolved_.end()) return known->second;
  const Declared& declared = declared_.at(name);
  const auto first = std::find(resolving_.begin(), resolving_.end(), name);
  if (first != resolving_.end()) {
    std::string path;
    for (auto step = first; step != resolving_.end(); ++step) path += *step + " -> ";
    diagnostics_.Error(Rule::kVariableCircle, declared_.at(*first).place,
                       "variables name each other in a circle: " + path + name, "one of them with a value of its own");
    return {"", true, false};
  }
  resolving_.push_back(name);
  Text value;
  if (declared.value->kind == YamlNode::Kind::kScalar) {
    value = Expand(*declared.value);
  } else {
    value.known = false;
  }
  resolving_.pop_back();
  resolved_[name] = value;
  return value;
}

std::map<std::string, std::string> Variables::Values() const {
  std::map<std::string, std::string> values = overrides_;
  for (const auto& [name, text] : resolved_) {
    if (text.known) values.emplace(name, text.secret ? "(secret)" : text.value);
  }
  return values;
}

void Variables::ReportUnused(bool laid_over) {
  std::vector<std::string> known = names_;
  known.insert(known.end(), used_.begin(), used_.end());
  for (const auto& [name, value] : overrides_) {
    if (declared_.contains(name) || used_.contains(name)) continue;
    diagnostics_.Error(Rule::kUnknownOverride, {}, "`-s " + name + "=...`: the pipeline has no variable `" + name + "`",
                       names_.empty() ? "no variable: the pipeline has none" : "one of " + NameList(names_),
                       NearestName(name, known));
  }
  for (const std::string& name : names_) {
    const Declared& declared = declared_.at(name);
    if (!used_.contains(name) && !laid_over && declared.place.file == 0)
      diagnostics_.Warning(Rule::kUnusedVariable, declared.place, "variable `" + name + "` is never used");
    if (!missing_.contains(name)) continue;
    const std::string message = "variable `" + name + "` has no value";
    const std::string expected = "`-s " + name + "=...`, or a default here";
    allow_unset_ ? diagnostics_.Warning(Rule::kUnsetVariable, declared.place, message, expected)
                 : diagnostics_.Error(Rule::kUnsetVariable, declared.place, message, expected);
  }
}

Place Variables::PlaceInside(const YamlNode& scalar, size_t index) const {
  // Escapes and folding move text about; the same occurrence of `${` counted in the source is still right.
  size_t count = 0;
  for (size_t i = scalar.text.find("${"); i < index; i = scalar.text.find("${", i + 1)) ++count;
  const SourceText& source = source_.Of(scalar.place);
  size_t offset = source.text().find("${", scalar.offset);
  while (count-- > 0 && offset != std::string::npos) offset = source.text().find("${", offset + 1);
  return offset == std::string::npos ? scalar.place : source.At(offset);
}

}  // namespace retort
