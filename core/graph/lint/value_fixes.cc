// Faults of values: of the wrong type or kind, out of range, no choice, options that do not go together.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/graph/lint/fix_candidates.h"

namespace retort {
namespace {

const OptionSpec* SpecOf(const YamlSpot& spot, const FixContext& context) {
  if (spot.path.size() < 2) return nullptr;
  // An item of a list belongs to the option that holds the list.
  for (size_t length = spot.path.size() - 1; length + 2 >= spot.path.size() && length > 0; --length) {
    const std::vector<OptionSpec>* const specs =
        SpecsAt({spot.path.begin(), spot.path.begin() + static_cast<std::ptrdiff_t>(length)}, context);
    if (specs == nullptr) continue;
    for (const OptionSpec& spec : *specs) {
      if (spec.name == spot.path[length]) return &spec;
    }
  }
  return nullptr;
}

std::string NumberText(const OptionSpec& spec, double value) {
  if (!(value >= spec.minimum)) value = std::isnan(spec.minimum) ? value : spec.minimum;
  if (!(value <= spec.maximum)) value = std::isnan(spec.maximum) ? value : spec.maximum;
  return spec.type == RETORT_OPTION_INT ? fmt::format("{:.0f}", std::trunc(value)) : fmt::format("{}", value);
}

/// What a text may have meant as a value of the option.
std::vector<std::string> Meant(const OptionSpec& spec, const std::string& text) {
  std::string word;
  for (const char c : text) {
    if (c != '_' && c != ' ' && c != ',') word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (spec.type == RETORT_OPTION_BOOL) {
    for (const char* yes : {"yes", "y", "on", "1", "true"})
      if (word == yes) return {"true"};
    for (const char* no : {"no", "n", "off", "0", "false"})
      if (word == no) return {"false"};
    return {};
  }
  if (spec.type != RETORT_OPTION_INT && spec.type != RETORT_OPTION_FLOAT) return {};
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end == word.data() || std::isnan(value)) return {};
  if (error == std::errc::result_out_of_range) value = word[0] == '-' ? -1e300 : 1e300;
  if (*end == 'k') value *= 1000;
  return {NumberText(spec, value)};
}

/// `edit` makes the edit that gives the value another text.
template <typename MakeEdit>
void AddMeant(const OptionSpec& spec, const Diagnostic& fault, const std::string& text, const MakeEdit& edit,
              Fixes* fixes) {
  std::vector<std::string> values = Meant(spec, text);
  if (!fault.suggestion.empty()) values.insert(values.begin(), fault.suggestion);
  for (const std::string& value : values) fixes->push_back({"write `" + value + "`", {edit(value)}});
}

void AddWrongValue(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  const OptionSpec* const spec = spot ? SpecOf(*spot, context) : nullptr;
  if (spec == nullptr) return;
  const YamlNode& node = spot->node();
  const std::string& text = node.text;
  if (text.starts_with("${") && text.find('}') == text.size() - 1) {
    const std::string name = text.substr(2, text.find_first_of(":}") - 2);
    const YamlNode* const variables = context.map.At({"variables"});
    for (size_t i = 0; variables != nullptr && i < variables->entries.size(); ++i) {
      const YamlEntry& entry = variables->entries[i];
      if (entry.key != name || entry.value->kind != YamlNode::Kind::kScalar) continue;
      const auto edit = [&](const std::string& value) { return context.map.ReplaceValue(entry, value); };
      AddMeant(*spec, fault, entry.value->text, edit, fixes);
      if (!spec->required && !spec->default_value.empty())
        fixes->push_back({"write the option's default, `" + spec->default_value + "`", {edit(spec->default_value)}});
    }
  }
  AddMeant(
      *spec, fault, text, [&](const std::string& value) { return context.map.Replace(node, value); }, fixes);
  if (const YamlEntry* const entry = spot->entry(); entry != nullptr && !spec->required) {
    fixes->push_back({"take out `" + entry->key + "`, so that its default holds",
                      {context.map.Cut(context.map.OffsetOf(entry->place))}});
  }
  for (const std::string& value : LikelyValues(*spec, context))
    fixes->push_back({"write `" + value + "`", {context.map.Replace(node, value)}});
}

void AddWrongKind(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  if (!spot || spot->path.empty()) return;
  const YamlEntry* const entry = spot->entry();
  const OptionSpec* const spec = SpecOf(*spot, context);
  const size_t begin = entry == nullptr ? spot->node().offset : context.map.OffsetOf(entry->place);
  const YamlNode& node = entry == nullptr ? spot->node() : *entry->value;
  if (node.kind == YamlNode::Kind::kSequence && node.items.size() == 1 &&
      node.items[0]->kind == YamlNode::Kind::kScalar)
    fixes->push_back({"write the one value", {context.map.Replace(node, YamlScalar(node.items[0]->text))}});
  if (entry != nullptr && spec != nullptr) {
    for (const std::string& value : LikelyValues(*spec, context))
      if (spec->required) fixes->push_back({"write `" + value + "`", {context.map.ReplaceValue(*entry, value)}});
  }
  fixes->push_back(
      {entry == nullptr ? "take the item out" : "take out `" + entry->key + "`", {context.map.Cut(begin)}});
  if (spot->parent() != nullptr && spot->parent()->kind == YamlNode::Kind::kSequence && spot->path.size() > 1) {
    const size_t last = spot->nodes.size() - 2;  // the place of an empty or nested item
    fixes->push_back({"take the item out", {context.map.Cut(spot->nodes[last]->offset)}});
  }
}

/// The stage's options one by one: left out, or with another choice.
void AddTogether(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  if (!spot || spot->path.size() < 2) return;
  if (spot->path.size() == 3 && spot->path[2] != "with" && spot->entry() != nullptr) {  // of the engine's own keys
    if (spot->parent()->Find("isolation") == nullptr)
      fixes->push_back({"add `isolation: process`", {context.map.AddEntry(*spot->parent(), "isolation", "process")}});
    fixes->push_back(
        {"take out `" + spot->path[2] + "`", {context.map.Cut(context.map.OffsetOf(spot->entry()->place))}});
    return;
  }
  const std::vector<std::string> path = {spot->path[0], spot->path[1], "with"};
  const YamlNode* const with = context.map.At(path);
  const std::vector<OptionSpec>* const specs = SpecsAt(path, context);
  if (with == nullptr || specs == nullptr) return;
  for (const YamlEntry& entry : with->entries) {
    const auto spec =
        std::find_if(specs->begin(), specs->end(), [&](const OptionSpec& s) { return s.name == entry.key; });
    if (spec == specs->end() || spec->required) continue;
    fixes->push_back({"take out `" + entry.key + "`", {context.map.Cut(context.map.OffsetOf(entry.place))}});
  }
  for (const OptionSpec& spec : *specs) {
    if (spec.type == RETORT_OPTION_ENUM || with->Find(spec.name) != nullptr) continue;
    for (const std::string& value : LikelyValues(spec, context))
      fixes->push_back({"add `" + spec.name + ": " + value + "`", {context.map.AddEntry(*with, spec.name, value)}});
  }
  for (const YamlEntry& entry : with->entries) {
    const auto spec =
        std::find_if(specs->begin(), specs->end(), [&](const OptionSpec& s) { return s.name == entry.key; });
    if (spec == specs->end() || spec->type != RETORT_OPTION_ENUM) continue;
    for (const std::string& choice : spec->choices)
      fixes->push_back({"write `" + entry.key + ": " + choice + "`", {context.map.ReplaceValue(entry, choice)}});
  }
}

/// The value that the stage would rather have, or none.
void AddAdvised(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  const YamlEntry* const entry = spot ? spot->entry() : nullptr;
  if (entry == nullptr || spot->path.size() < 2 || spot->path[spot->path.size() - 2] != "with") return;
  const bool reference = spot->node().text.find("${") != std::string::npos;  // then it is the variable's matter
  if (!fault.suggestion.empty() && !reference)
    fixes->push_back({"write `" + fault.suggestion + "`", {context.map.Replace(spot->node(), fault.suggestion)}});
  fixes->push_back({"take out `" + entry->key + "`", {context.map.Cut(context.map.OffsetOf(entry->place))}});
}

}  // namespace

void AddValueFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  switch (fault.rule) {
    case Rule::kWrongValue: return AddWrongValue(fault, context, fixes);
    case Rule::kWrongKind: return AddWrongKind(fault, context, fixes);
    case Rule::kAdvice: return AddAdvised(fault, context, fixes);
    case Rule::kOptionsTogether: return AddTogether(fault, context, fixes);
    case Rule::kUnknownTemplate:
    case Rule::kTestForm:
      if (spot && !fault.suggestion.empty())
        fixes->push_back({"write `" + fault.suggestion + "`", {context.map.Replace(spot->node(), fault.suggestion)}});
      return;
    case Rule::kQuotedNumber:
      if (spot) fixes->push_back({"leave out the quotes", {context.map.Replace(spot->node(), spot->node().text)}});
      return;
    case Rule::kUnknownDevice:
      for (const std::string& device : {fault.suggestion, std::string("cpu")})
        if (spot && !device.empty())
          fixes->push_back({"write `" + device + "`", {context.map.Replace(spot->node(), device)}});
      return;
    default: return;
  }
}

}  // namespace retort
