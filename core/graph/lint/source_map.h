// A YAML tree laid over its text: finds what stands at a place, and makes the edits that change keys, values, entries
// and items, in block style and in brackets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph/flow_brackets.h"
#include "core/graph/lint/fix.h"
#include "core/graph/yaml_tree.h"

namespace retort {

/// A value, and the way to it from the root: keys of maps, and items of lists as their numbers.
struct YamlSpot {
  std::vector<std::string> path;
  std::vector<const YamlNode*> nodes;  // the root first, the value last; one more than `path`
  const YamlNode& node() const { return *nodes.back(); }
  const YamlNode* parent() const { return nodes.size() > 1 ? nodes[nodes.size() - 2] : nullptr; }
  /// The entry of the value in its map; null for an item of a list.
  const YamlEntry* entry() const;
};

class SourceMap {
 public:
  /// `root` may be null, where the text is no YAML. Both must outlive the object.
  SourceMap(const SourceText& source, const YamlNode* root);

  const YamlNode* root() const { return root_; }
  const std::string& text() const { return source_.text(); }
  size_t OffsetOf(Place place) const { return source_.OffsetOf(place); }
  const FlowBrackets& brackets() const { return brackets_; }

  /// The deepest value that a place lies in, at its key or behind it.
  std::optional<YamlSpot> Find(Place place) const;
  /// The value at a path of keys; null where there is none.
  const YamlNode* At(const std::vector<std::string>& path) const;
  /// The byte after a value that is written out.
  size_t EndOf(const YamlNode& node) const;

  Edit Replace(const YamlNode& node, std::string text) const;
  /// Give an entry another value, also where nothing is written.
  Edit ReplaceValue(const YamlEntry& entry, std::string text) const;
  Edit RenameKey(const YamlEntry& entry, std::string key) const;
  /// Take out the entry or the item that begins at a byte, with its comma or its lines.
  Edit Cut(size_t offset) const;
  /// A new first entry of a map.
  Edit AddEntry(const YamlNode& map, const std::string& key, const std::string& value) const;
  /// A new last item of a list that has items.
  Edit AddItem(const YamlNode& list, const std::string& item) const;

 private:
  size_t KeyEnd(size_t begin) const;
  size_t LineEnd(size_t offset) const;  // of the line break, or the text's size
  size_t BlockEnd(size_t offset, size_t indent) const;

  const SourceText& source_;
  const YamlNode* root_;
  FlowBrackets brackets_;
};

/// The first byte of the line that a byte is in.
size_t LineStart(std::string_view text, size_t offset);

/// A value as YAML can hold it anywhere: in quotes where it must be.
std::string YamlScalar(const std::string& text);

}  // namespace retort
