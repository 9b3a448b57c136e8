#include "core/graph/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "core/graph/flow_brackets.h"
#include "core/graph/yaml_syntax.h"

namespace retort {
namespace {

/// Ends the parse from inside yaml-cpp; never leaves this file.
struct LimitReached {
  Rule rule;
  Place place;
  std::string message, expected;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  YamlNodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = NewNode(YamlNode::Kind::kNull, mark);
    // A value left out has the mark of whatever comes next: point at its key instead.
    const std::string_view rest = std::string_view(source_.text()).substr(node->offset);
    const bool written =
        rest.starts_with("~") || rest.starts_with("null") || rest.starts_with("Null") || rest.starts_with("NULL");
    if (!written && !open_.empty() && open_.back().key) node->place = open_.back().key->place;
    Finish(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = NewNode(YamlNode::Kind::kScalar, mark);
    node->text = value;
    node->quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    CheckQuotes(*node);
    Finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Place place = PlaceOf(mark);
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end())
      throw LimitReached{Rule::kSyntax, place, "this alias stands inside the value that it names", ""};
    Count(target->second->nodes, place);
    CheckDepth(target->second->height, place);
    Attach(target->second, place);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Key {
    std::string text;
    Place place;
    bool usable;
  };
  struct OpenNode {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    std::optional<Key> key;             // maps: read, its value is awaited
    std::map<std::string, Place> keys;  // maps: all so far
  };

  size_t OffsetOf(const YAML::Mark& mark) const {
    return std::min(source_.LineOffset(mark.line + 1) + static_cast<size_t>(std::max(mark.column, 0)),
                    source_.text().size());
  }
  Place PlaceOf(const YAML::Mark& mark) const { return source_.At(OffsetOf(mark)); }

  std::shared_ptr<YamlNode> NewNode(YamlNode::Kind kind, const YAML::Mark& mark) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->offset = OffsetOf(mark);
    node->place = source_.At(node->offset);
    Count(1, node->place);
    CheckDepth(1, node->place);
    return node;
  }

  void Count(size_t nodes, Place place) {
    nodes_ += nodes;
    if (nodes_ > kMaxYamlNodes) {
      throw LimitReached{
          Rule::kTooLarge, place,
          "the file has more than " + std::to_string(kMaxYamlNodes) + " values once aliases are followed",
          "fewer aliases of aliases"};
    }
  }

  void CheckDepth(size_t height, Place place) const {
    if (open_.size() + height > kMaxYamlDepth) {
      throw LimitReached{Rule::kTooLarge, place,
                         "values are nested deeper than " + std::to_string(kMaxYamlDepth) + " levels",
                         "a flatter file"};
    }
  }

  /// yaml-cpp takes the end of the file for a quote.
  void CheckQuotes(const YamlNode& scalar) {
    const std::string& text = source_.text();
    const char first = scalar.offset < text.size() ? text[scalar.offset] : ' ';
    if (first != '"' && first != '\'') return;
    const size_t end = QuotedEnd(text, scalar.offset);
    if (end < text.size() || (end > scalar.offset + 1 && text[end - 1] == first)) return;
    const SyntaxFault fault = ExplainSyntax(source_, scalar.offset, "a quote is not closed");
    throw LimitReached{Rule::kSyntax, fault.place, fault.message, fault.expected};
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({NewNode(kind, mark), anchor, {}, {}});
  }

  void Close() {
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    Finish(std::move(closed.node), closed.anchor);
  }

  void Finish(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    const Place place = node->place;
    Attach(std::move(node), place);
  }

  void Attach(YamlNodePtr node, Place place) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::kMap && !parent.key) {
      parent.key = MakeKey(*node, place, parent);
      return;
    }
    parent.node->nodes += node->nodes;
    parent.node->height = std::max(parent.node->height, node->height + 1);
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(std::move(node));
    } else {
      if (parent.key->usable) parent.node->entries.push_back({parent.key->text, parent.key->place, std::move(node)});
      parent.key.reset();
    }
  }

  Key MakeKey(const YamlNode& node, Place place, OpenNode& map) {
    if (node.kind != YamlNode::Kind::kScalar) {
      diagnostics_.Error(Rule::kComplexKey, place, "a key must be text, but here it is " + DescribeNode(node),
                         "text, as in `name: value`");
      return {"", place, false};
    }
    const auto [first, fresh] = map.keys.emplace(node.text, place);
    if (!fresh) {
      const std::string where = std::to_string(first->second.line) + ":" + std::to_string(first->second.column);
      diagnostics_.Error(Rule::kDuplicateKey, place,
                         "`" + node.text + "` is given twice" + Within() + "; the first is at " + where,
                         "each name once");
    }
    return {node.text, place, fresh};
  }

  /// " in `stages`" for a key of the map under `stages:`; "" at the top.
  std::string Within() const {
    std::string path;
    for (const OpenNode& node : open_) {
      if (node.key) path += (path.empty() ? "" : ".") + node.key->text;
    }
    return path.empty() ? "" : " in `" + path + "`";
  }

  const SourceText& source_;
  Diagnostics& diagnostics_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, YamlNodePtr> anchors_;
  YamlNodePtr root_;
  size_t nodes_ = 0;
};

/// Bytes in the UTF-8 character at `text[i]`; 0 where it is not valid. (RFC 3629)
size_t CharacterLength(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first < 0xE0   ? 2
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xF0 && first < 0xF5 ? 4
                                                        : 0;
  for (size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) || (first == 0xF0 && byte(1) < 0x90) ||
      (first == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
}

bool CheckText(const SourceText& source, Diagnostics& diagnostics) {
  const std::string& text = source.text();
  if (text.size() > kMaxYamlBytes) {
    diagnostics.Error(Rule::kTooLarge, {}, "the file has more than " + std::to_string(kMaxYamlBytes) + " bytes",
                      "a pipeline of at most 1 MiB");
    return false;
  }
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterLength(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
    if (length == 0 || control) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "0x%02x", byte);
      diagnostics.Error(Rule::kEncoding, source.At(i),
                        std::string("the byte ") + hex + (control ? " is a control character" : " is not valid UTF-8"),
                        "text in UTF-8");
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace

const YamlEntry* YamlNode::FindEntry(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const YamlNode* YamlNode::Find(std::string_view key) const {
  const YamlEntry* const entry = FindEntry(key);
  return entry == nullptr ? nullptr : entry->value.get();
}

std::vector<YamlNodePtr> ItemsOf(const YamlNodePtr& node) {
  return node->kind == YamlNode::Kind::kSequence ? node->items : std::vector<YamlNodePtr>{node};
}

std::string DescribeNode(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kSequence: return "a list";
    case YamlNode::Kind::kMap: return "a map";
    case YamlNode::Kind::kScalar: break;
  }
  constexpr size_t kShown = 60;
  if (node.text.size() <= kShown) return "`" + node.text + "`";
  size_t end = kShown;
  while ((static_cast<unsigned char>(node.text[end]) & 0xC0) == 0x80) --end;
  return "`" + node.text.substr(0, end) + "...`";
}

YamlNodePtr ParseYaml(const SourceText& source, Diagnostics& diagnostics) {
  if (!CheckText(source, diagnostics)) return nullptr;
  TreeBuilder builder(source, diagnostics);
  try {
    std::istringstream stream(source.text());
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || builder.root() == nullptr) {
      diagnostics.Error(Rule::kEmptyFile, source.At(0), "the file is empty", "a pipeline that begins with `retort: 1`");
      return nullptr;
    }
    YamlNodePtr root = builder.root();
    TreeBuilder rest(source, diagnostics);
    if (parser.HandleNextDocument(rest) && rest.root() != nullptr) {
      diagnostics.Error(Rule::kSecondDocument, rest.root()->place, "a second document begins here",
                        "one document a file, without `---` between");
    }
    return root;
  } catch (const LimitReached& limit) {
    diagnostics.Error(limit.rule, limit.place, limit.message, limit.expected);
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    const size_t offset =
        placed ? source.LineOffset(error.mark.line + 1) + static_cast<size_t>(std::max(error.mark.column, 0)) : 0;
    const SyntaxFault fault = ExplainSyntax(source, std::min(offset, source.text().size()), error.msg);
    diagnostics.Error(Rule::kSyntax, fault.place, fault.message, fault.expected);
  } catch (const std::exception& error) {
    diagnostics.Error(Rule::kSyntax, source.At(0), std::string("the file cannot be read as YAML: ") + error.what());
  }
  return nullptr;
}

}  // namespace retort
