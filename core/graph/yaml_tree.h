// YAML text as a tree that remembers the place of every key and value. Built from yaml-cpp's events, so that what a
// hostile file can cost is bounded while it is read: size, depth, and nodes after aliases are followed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/graph/diagnostic.h"

namespace retort {

inline constexpr size_t kMaxYamlBytes = size_t{1} << 20;
inline constexpr size_t kMaxYamlNodes = 100000;  // each alias counts as what it stands for
inline constexpr size_t kMaxYamlDepth = 64;

/// The offset of a node that was made and stands in no file.
inline constexpr size_t kNoOffset = static_cast<size_t>(-1) / 2;

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  Place place;  // of the key
  YamlNodePtr value;
};

/// Immutable once parsed; aliases share nodes.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  Place place;
  size_t offset = 0;    // of the value's first byte in the source
  bool quoted = false;  // scalars: written in quotes or as a block
  std::string text;     // scalars
  std::vector<YamlNodePtr> items;
  std::vector<YamlEntry> entries;  // of a map, in order; every key once
  size_t nodes = 1;                // in this subtree, aliases followed
  size_t height = 1;

  /// The entry of `key`, or null.
  const YamlEntry* FindEntry(std::string_view key) const;
  /// The value of `key`, or null.
  const YamlNode* Find(std::string_view key) const;
};

/// The items of a list; anything else is a list of itself.
std::vector<YamlNodePtr> ItemsOf(const YamlNodePtr& node);

/// "a map", "a list", "nothing", "`text`": what a message says came.
std::string DescribeNode(const YamlNode& node);

/// Parse `source`, which must hold one document. Faults (syntax, limits, encoding, duplicate or complex keys) go to
/// `diagnostics`; null where no tree could be built. Never throws.
YamlNodePtr ParseYaml(const SourceText& source, Diagnostics& diagnostics);

}  // namespace retort
