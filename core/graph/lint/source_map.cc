#include "core/graph/lint/source_map.h"

#include <algorithm>

namespace retort {
namespace {

constexpr size_t kNone = std::string::npos;

size_t Indent(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == kNone; }

}  // namespace

const YamlEntry* YamlSpot::entry() const {
  if (parent() == nullptr || parent()->kind != YamlNode::Kind::kMap) return nullptr;
  for (const YamlEntry& entry : parent()->entries) {
    if (entry.key == path.back()) return &entry;
  }
  return nullptr;
}

SourceMap::SourceMap(const SourceText& source, const YamlNode* root)
    : source_(source), root_(root), brackets_(source.text()) {}

std::optional<YamlSpot> SourceMap::Find(Place place) const {
  if (root_ == nullptr) return std::nullopt;
  const size_t offset = OffsetOf(place);
  YamlSpot spot{{}, {root_}};
  for (;;) {
    const YamlNode& node = spot.node();
    const YamlNode* next = nullptr;
    std::string step;
    for (const YamlEntry& entry : node.entries) {
      if (OffsetOf(entry.place) <= offset) next = entry.value.get(), step = entry.key;
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (node.items[i]->offset <= offset) next = node.items[i].get(), step = std::to_string(i);
    }
    if (next == nullptr) return spot;
    spot.path.push_back(step);
    spot.nodes.push_back(next);
  }
}

const YamlNode* SourceMap::At(const std::vector<std::string>& path) const {
  const YamlNode* node = root_;
  for (const std::string& key : path) node = node == nullptr ? nullptr : node->Find(key);
  return node;
}

size_t SourceMap::EndOf(const YamlNode& node) const {
  const std::string& all = text();
  const size_t begin = std::min(node.offset, all.size());
  const char first = begin < all.size() ? all[begin] : '\n';
  if (first == '{' || first == '[') return brackets_.CloseOf(begin).value_or(LineEnd(begin) - 1) + 1;
  size_t end = begin;
  for (const YamlNodePtr& item : node.items) end = std::max(end, EndOf(*item));
  for (const YamlEntry& entry : node.entries) {
    end = std::max({end, KeyEnd(OffsetOf(entry.place)), EndOf(*entry.value)});
  }
  if (node.kind != YamlNode::Kind::kScalar) return end;
  if (first == '"' || first == '\'') return QuotedEnd(all, begin);
  if (first == '|' || first == '>')
    return BlockEnd(begin, Indent(std::string_view(all).substr(LineStart(text(), begin)))) - 1;
  return all.compare(begin, node.text.size(), node.text) == 0 ? begin + node.text.size() : LineEnd(begin);
}

Edit SourceMap::Replace(const YamlNode& node, std::string text) const {
  return {node.offset, EndOf(node), std::move(text)};
}

Edit SourceMap::ReplaceValue(const YamlEntry& entry, std::string text) const {
  const size_t key_end = KeyEnd(OffsetOf(entry.place));
  if (entry.value->kind != YamlNode::Kind::kNull) return Replace(*entry.value, std::move(text));
  const size_t colon = source_.text().find_first_not_of(' ', key_end);
  const bool written = colon != kNone && source_.text()[colon] == ':';
  const size_t at = written ? colon + 1 : key_end;
  return {at, at, (written ? " " : ": ") + text};
}

Edit SourceMap::RenameKey(const YamlEntry& entry, std::string key) const {
  const size_t begin = OffsetOf(entry.place);
  return {begin, KeyEnd(begin), std::move(key)};
}

Edit SourceMap::Cut(size_t offset) const {
  const std::string& all = text();
  if (const FlowBrackets::Pair* pair = brackets_.Around(offset)) {
    const auto next = std::lower_bound(pair->commas.begin(), pair->commas.end(), offset);
    if (next != pair->commas.end()) return {offset, std::min(all.find_first_not_of(" \n", *next + 1), all.size()), ""};
    if (next != pair->commas.begin())
      return {*(next - 1), std::max(pair->close, 1ul) - (pair->close > 0 && all[pair->close - 1] == ' ' ? 1 : 0), ""};
    return {offset, pair->close, ""};
  }
  const size_t line = LineStart(text(), offset);
  const std::string before = all.substr(line, offset - line);
  const size_t indent = Indent(before + "x");
  if (before.find('-') != kNone &&
      all.find_first_not_of("- ", line) == offset) {  // the first entry of an item, or an item
    return {line, BlockEnd(line, indent), ""};
  }
  return {line, BlockEnd(line, offset - line), ""};
}

Edit SourceMap::AddEntry(const YamlNode& map, const std::string& key, const std::string& value) const {
  const std::string entry = key + (value.empty() ? ":" : ": " + value);
  if (map.entries.empty()) return Replace(map, "{ " + entry + " }");
  const size_t at = OffsetOf(map.entries.front().place);
  if (brackets_.Around(at) != nullptr) return {at, at, entry + ", "};
  return {at, at, entry + "\n" + std::string(at - LineStart(text(), at), ' ')};
}

Edit SourceMap::AddItem(const YamlNode& list, const std::string& item) const {
  const YamlNode& last = *list.items.back();
  if (brackets_.Around(last.offset) != nullptr) return {EndOf(last), EndOf(last), ", " + item};
  const size_t line = LineStart(text(), last.offset);
  const size_t indent = Indent(std::string_view(text()).substr(line));
  const size_t end = BlockEnd(line, indent);
  const bool broken = end == 0 || text()[end - 1] == '\n';
  return {end, end, (broken ? "" : "\n") + std::string(indent, ' ') + "- " + item + "\n"};
}

size_t SourceMap::KeyEnd(size_t begin) const {
  const std::string& all = text();
  if (begin >= all.size()) return all.size();
  if (all[begin] == '"' || all[begin] == '\'') return QuotedEnd(all, begin);
  size_t end = begin;
  for (; end < all.size() && all[end] != '\n'; ++end) {
    if (all[end] == ':' && (end + 1 == all.size() || std::string_view(" \n,}").find(all[end + 1]) != kNone)) break;
    if ((all[end] == ',' || all[end] == '}') && brackets_.Around(begin) != nullptr) break;
  }
  while (end > begin && all[end - 1] == ' ') --end;
  return end;
}

size_t SourceMap::LineEnd(size_t offset) const { return std::min(text().find('\n', offset), text().size()); }

/// The byte after the lines that belong to what begins in the line of `offset` at column `indent`: deeper ones, and
/// items of a list at the same column.
size_t SourceMap::BlockEnd(size_t offset, size_t indent) const {
  const std::string_view all = text();
  const bool item = all.substr(std::min(LineStart(text(), offset) + indent, all.size())).starts_with("- ");
  size_t end = std::min(LineEnd(offset) + 1, all.size());
  for (size_t line = end; line < all.size();) {
    const size_t next = std::min(LineEnd(line) + 1, all.size());
    const std::string_view content = all.substr(line, next - line);
    const bool of_list = !item && Indent(content) == indent && content.substr(indent).starts_with("- ");
    if (!IsBlank(content)) {
      if (Indent(content) <= indent && !of_list) break;
      end = next;
    }
    line = next;
  }
  return end;
}

size_t LineStart(std::string_view text, size_t offset) {
  const size_t before = offset == 0 ? kNone : text.rfind('\n', offset - 1);
  return before == kNone ? 0 : before + 1;
}

std::string YamlScalar(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '+' || c == '-';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain) && text != "-" && !text.starts_with("- ")) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace retort
