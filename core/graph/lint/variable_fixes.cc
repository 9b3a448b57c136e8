// Faults of variables and of `${...}`.
#include <algorithm>

#include "core/graph/lint/fix_candidates.h"
#include "core/graph/nearest_name.h"

namespace retort {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::vector<std::string> DeclaredNames(const FixContext& context) {
  std::vector<std::string> names;
  const YamlNode* const variables = context.map.At({"variables"});
  for (size_t i = 0; variables != nullptr && i < variables->entries.size(); ++i)
    names.push_back(variables->entries[i].key);
  return names;
}

Edit Declare(const std::string& name, const FixContext& context) {
  const YamlNode* const variables = context.map.At({"variables"});
  if (variables != nullptr && variables->kind == YamlNode::Kind::kMap)
    return context.map.AddEntry(*variables, name, "~");
  for (const YamlEntry& entry : context.map.root()->entries) {
    if (entry.key == "variables") return context.map.ReplaceValue(entry, "{ " + name + ": ~ }");
  }
  return context.map.AddEntry(*context.map.root(), "variables", "{ " + name + ": ~ }");
}

void AddReferenceFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const std::string& text = context.map.text();
  const size_t begin = context.map.OffsetOf(fault.place);
  if (text.compare(begin, 2, "${") != 0) return;
  size_t name_end = begin + 2;
  while (name_end < text.size() && IsNameCharacter(text[name_end])) ++name_end;
  const size_t close = std::min(text.find('}', begin), text.size());
  const std::string inside = text.substr(begin + 2, close - begin - 2);
  std::string name;
  std::copy_if(inside.begin(), inside.end(), std::back_inserter(name), IsNameCharacter);
  const std::vector<std::string> declared = DeclaredNames(context);
  switch (fault.rule) {
    case Rule::kUnterminatedReference:
      if (name_end > begin + 2) fixes->push_back({"write `}`", {{name_end, name_end, "}"}}});
      break;
    case Rule::kUnknownVariable:
      if (!fault.suggestion.empty())
        fixes->push_back({"write `" + fault.suggestion + "`", {{begin + 2, name_end, fault.suggestion}}});
      fixes->push_back({"declare `" + inside + "`, to be given with `-s`", {Declare(inside, context)}});
      return;
    case Rule::kNotInEnvironment: fixes->push_back({"give it an empty default", {{close, close, ":-"}}}); return;
    default: break;
  }
  if (const std::string nearest = NearestName(name, declared); fault.rule == Rule::kBadReference && !nearest.empty())
    fixes->push_back({"write `" + nearest + "`", {{begin + 2, close, nearest}}});
  fixes->push_back({"write `$${`, which stands for the text `${`", {{begin, begin, "$"}}});
  if (fault.rule != Rule::kBadReference) return;
  for (size_t i = 0; i < std::min<size_t>(declared.size(), 16); ++i)
    fixes->push_back({"write `" + declared[i] + "`", {{begin + 2, close, declared[i]}}});
}

void AddVariableName(const YamlEntry& entry, const FixContext& context, Fixes* fixes) {
  std::string name = entry.key;
  for (char& c : name) c = IsNameCharacter(c) ? c : '_';
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || name[0] == '-') name.insert(0, "v");
  Fix fix{"call it `" + name + "`", {context.map.RenameKey(entry, name)}};
  const std::string used = "${" + entry.key;
  const std::string& text = context.map.text();
  for (size_t at = text.find(used); at != std::string::npos; at = text.find(used, at + 1)) {
    if (text.find_first_of("}:", at) == at + used.size()) fix.edits.push_back({at + 2, at + used.size(), name});
  }
  fixes->push_back(std::move(fix));
}

}  // namespace

void AddVariableFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const auto spot = context.map.Find(fault.place);
  const YamlEntry* entry = spot ? spot->entry() : nullptr;
  if (spot && spot->path.size() > 2 && spot->path[0] == "variables")  // inside of a default that is a list or a map
    entry = context.map.At({"variables"})->FindEntry(spot->path[1]);
  switch (fault.rule) {
    case Rule::kUnterminatedReference:
    case Rule::kBadReference:
    case Rule::kUnknownVariable:
    case Rule::kNotInEnvironment: return AddReferenceFixes(fault, context, fixes);
    case Rule::kVariableName:
      if (entry != nullptr) AddVariableName(*entry, context, fixes);
      return;
    case Rule::kVariableKind:
      if (entry == nullptr) return;
      for (const YamlNodePtr& item : entry->value->items)
        fixes->push_back({"keep its first value", {context.map.ReplaceValue(*entry, YamlScalar(item->text))}});
      [[fallthrough]];
    case Rule::kVariableCircle:
      if (entry != nullptr) fixes->push_back({"let it be given with `-s`", {context.map.ReplaceValue(*entry, "~")}});
      return;
    case Rule::kUnusedVariable:
      if (entry != nullptr) fixes->push_back({"take it out", {context.map.Cut(context.map.OffsetOf(fault.place))}});
      return;
    default: return;
  }
}

}  // namespace retort
