#include "core/graph/compose.h"

#include <algorithm>
#include <span>

#include "core/graph/nearest_name.h"

namespace retort {
namespace {

constexpr const char* kProfiles = "profiles";
constexpr const char* kPaths = "`engine.KEY`, `models.NAME.KEY`, `stages.NAME.KEY` or `stages.NAME.with.OPTION`";

std::vector<std::string> Keys(const YamlNode& map) {
  std::vector<std::string> keys;
  for (const YamlEntry& entry : map.entries) keys.push_back(entry.key);
  return keys;
}

std::vector<YamlEntry>::iterator FindEntry(YamlNode& map, const std::string& key) {
  return std::find_if(map.entries.begin(), map.entries.end(), [&](const YamlEntry& e) { return e.key == key; });
}

std::vector<std::string> Split(const std::string& path) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
    parts.push_back(path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.push_back(path.substr(begin));
  return parts;
}

/// A value that stands in no file: `offset` is the source's end, so that nothing is found there.
YamlNodePtr Literal(const std::string& text, size_t offset) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlNode::Kind::kScalar;
  node->offset = offset;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "${") == 0) node->text += '$';  // literal, as all values from the command line
    node->text += text[i];
  }
  return node;
}

YamlNodePtr ParseValue(const std::string& path, const std::string& text, size_t offset, Diagnostics& diagnostics) {
  if (!text.starts_with('[')) return Literal(text, offset);
  const SourceText source("-s " + path, text);
  Diagnostics faults(source.file());
  const YamlNodePtr parsed = ParseYaml(source, faults);
  if (parsed == nullptr || parsed->kind != YamlNode::Kind::kSequence) {
    diagnostics.Error(Rule::kOverride, {}, "`-s " + path + "=" + text + "` is no list", "a list as in YAML: `[a, b]`");
    return nullptr;
  }
  auto list = std::make_shared<YamlNode>();
  list->kind = YamlNode::Kind::kSequence;
  list->offset = offset;
  for (const YamlNodePtr& item : parsed->items) list->items.push_back(Literal(item->text, offset));
  return list;
}

/// `node` with the value at the rest of a path; missing maps are made.
YamlNodePtr WithValue(const YamlNodePtr& node, std::span<const std::string> path, const YamlNodePtr& value) {
  if (path.empty()) return value;
  auto map = std::make_shared<YamlNode>();
  if (node != nullptr && node->kind != YamlNode::Kind::kNull) *map = *node;
  map->kind = YamlNode::Kind::kMap;
  const auto entry = FindEntry(*map, path[0]);
  if (entry == map->entries.end()) {
    map->entries.push_back({path[0], {}, WithValue(nullptr, path.subspan(1), value)});
  } else {
    entry->value = WithValue(entry->value, path.subspan(1), value);
    if (path.size() == 1) entry->place = {};
  }
  return map;
}

/// Whether the path leads to a key of the engine, of a model that there is, or of a stage that there is.
bool LeadsSomewhere(const YamlNode& root, const std::string& path, const std::vector<std::string>& parts,
                    Diagnostics& diagnostics) {
  if (std::find(parts.begin(), parts.end(), "") == parts.end()) {
    if (parts[0] == "engine" && parts.size() == 2) return true;
    const bool stage = parts[0] == "stages";
    const bool inside = parts.size() == 3 ? parts[2] != "with" : parts.size() == 4 && stage && parts[2] == "with";
    if (inside && (stage || parts[0] == "models")) {
      const YamlNode* const section = root.Find(parts[0]);
      const std::vector<std::string> names = section == nullptr ? std::vector<std::string>() : Keys(*section);
      const YamlNode* const owner = section == nullptr ? nullptr : section->Find(parts[1]);
      if (owner != nullptr && (owner->kind == YamlNode::Kind::kMap || owner->kind == YamlNode::Kind::kNull))
        return true;
      diagnostics.Error(
          Rule::kOverride, {},
          "`-s " + path + "=...`: the pipeline has no " + (stage ? "stage" : "model") + " `" + parts[1] + "`",
          "one of " + NameList(names), NearestName(parts[1], names));
      return false;
    }
  }
  diagnostics.Error(Rule::kOverride, {}, "`-s " + path + "=...` leads to nothing that can be set", kPaths);
  return false;
}

}  // namespace

YamlNodePtr LaidOver(const YamlNodePtr& base, const YamlNodePtr& over) {
  if (base->kind != YamlNode::Kind::kMap || over->kind != YamlNode::Kind::kMap) return over;
  auto merged = std::make_shared<YamlNode>(*base);
  for (const YamlEntry& entry : over->entries) {
    const auto old = FindEntry(*merged, entry.key);
    if (old == merged->entries.end()) {
      merged->entries.push_back(entry);
    } else {
      *old = {entry.key, entry.place, LaidOver(old->value, entry.value)};
    }
  }
  return merged;
}

std::vector<std::string> ProfileNames(const YamlNode& root) {
  const YamlNode* const profiles = root.Find(kProfiles);
  return profiles == nullptr ? std::vector<std::string>() : Keys(*profiles);
}

YamlNodePtr WithProfiles(const YamlNodePtr& root, const std::vector<std::string>& profiles, Diagnostics& diagnostics) {
  const YamlNode* const section = root->Find(kProfiles);
  auto base = std::make_shared<YamlNode>(*root);
  std::erase_if(base->entries, [](const YamlEntry& entry) { return entry.key == kProfiles; });
  YamlNodePtr merged = base;
  if (section != nullptr) {
    for (const YamlEntry& entry : section->entries) {
      if (entry.value->kind != YamlNode::Kind::kMap && entry.value->kind != YamlNode::Kind::kNull)
        diagnostics.Error(Rule::kWrongKind, entry.value->place,
                          "profile `" + entry.key + "` is " + DescribeNode(*entry.value),
                          "a map with the sections that it changes, such as `models:`");
    }
    if (section->kind != YamlNode::Kind::kMap && section->kind != YamlNode::Kind::kNull)
      diagnostics.Error(Rule::kWrongSection, section->place, "`profiles` is " + DescribeNode(*section),
                        "a map of names");
  }
  for (const std::string& name : profiles) {
    const YamlNode* const found = section == nullptr ? nullptr : section->Find(name);
    if (found == nullptr) {
      const std::vector<std::string> names = ProfileNames(*root);
      diagnostics.Error(Rule::kUnknownProfile, {}, "`--profile " + name + "`: the pipeline has no such profile",
                        names.empty() ? "no profile: the pipeline has none" : "one of " + NameList(names),
                        NearestName(name, names));
    } else if (found->kind == YamlNode::Kind::kMap) {
      merged = LaidOver(merged, std::make_shared<YamlNode>(*found));
    }
  }
  return merged;
}

YamlNodePtr WithOverrides(const YamlNodePtr& root, const Overrides& overrides, const SourceText& source,
                          Diagnostics& diagnostics) {
  YamlNodePtr changed = root;
  for (const auto& [path, text] : overrides) {
    const std::vector<std::string> parts = Split(path);
    if (!LeadsSomewhere(*root, path, parts, diagnostics)) continue;
    const YamlNodePtr value = ParseValue(path, text, source.text().size(), diagnostics);
    if (value != nullptr) changed = WithValue(changed, parts, value);
  }
  return changed;
}

}  // namespace retort
