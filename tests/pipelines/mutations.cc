#include "tests/pipelines/mutations.h"

#include <algorithm>

#include "core/graph/lint/source_map.h"

namespace retort::testing {
namespace {

class Mutator {
 public:
  explicit Mutator(const std::string& text)
      : source_("p.yaml", text), faults_("p.yaml"), root_(ParseYaml(source_, faults_)), map_(source_, root_.get()) {}

  std::vector<Mutation> All() {
    Top();
    Section("engine", false);
    Section("models", true);
    Section("stages", true);
    for (const YamlEntry& stage : root_->Find("stages")->entries) Stage(stage);
    Edges();
    References();
    Text();
    return std::move(made_);
  }

 private:
  /// The text with one edit, whose fault is to be found at a byte of the changed text.
  void Add(const std::string& kind, const Edit& edit, size_t fault) { AddAt(kind, {edit}, {fault}); }

  void AddAt(const std::string& kind, const std::vector<Edit>& edits, const std::vector<size_t>& faults) {
    Mutation mutation{kind, ApplyFix(source_.text(), {"", edits}), {}};
    const SourceText changed("p.yaml", mutation.text);
    for (const size_t fault : faults) mutation.places.push_back(changed.At(fault));
    made_.push_back(std::move(mutation));
  }

  size_t KeyOf(const YamlEntry& entry) const { return map_.OffsetOf(entry.place); }
  /// Where a byte behind a cut is found then.
  static size_t After(const Edit& cut, size_t offset) {
    return offset < cut.end ? offset : offset - (cut.end - cut.begin);
  }

  static std::string Misspelt(const std::string& word) {
    std::string wrong = word;
    if (word.size() < 4) return word + "x";
    std::swap(wrong[1], wrong[2]);
    return wrong == word ? word.substr(0, word.size() - 1) : wrong;
  }

  void Key(const YamlEntry& entry) {
    Add("key misspelt", map_.RenameKey(entry, Misspelt(entry.key)), KeyOf(entry));
    // What must be given is then missing too, which may be said of a place before.
    Add("key unknown", map_.RenameKey(entry, "frobnicate"), KeyOf(entry));
  }

  void Twice(const YamlNode& map, const YamlEntry& entry) {
    if (entry.value->kind != YamlNode::Kind::kScalar) return;
    const size_t value = entry.value->offset;
    const Edit first = map_.AddEntry(map, entry.key, source_.text().substr(value, map_.EndOf(*entry.value) - value));
    Add("key twice", first, KeyOf(entry) + first.text.size());
  }

  void Top() {
    for (const YamlEntry& entry : root_->entries) {
      if (entry.key != "variables" && entry.key != "models" && entry.key != "stages") Key(entry);
      Twice(*root_, entry);
    }
    const auto find = [&](const std::string& key) {
      return *std::find_if(root_->entries.begin(), root_->entries.end(),
                           [&](const YamlEntry& e) { return e.key == key; });
    };
    const Edit version = map_.Cut(KeyOf(find("retort"))), edges = map_.Cut(KeyOf(find("edges")));
    Add("no version", version,
        KeyOf(root_->entries[0]) == KeyOf(find("retort")) ? KeyOf(root_->entries[1]) - (version.end - version.begin)
                                                          : KeyOf(root_->entries[0]));
    Add("wrong version", map_.ReplaceValue(find("retort"), "7"), root_->Find("retort")->offset);
    Add("no edges", edges, KeyOf(root_->entries[0]));
    Add("edges empty", map_.ReplaceValue(find("edges"), "[]"), root_->Find("edges")->offset);
  }

  void Section(const std::string& name, bool of_maps) {
    const YamlNode* const section = root_->Find(name);
    if (section == nullptr) return;
    const auto keys = [&](const YamlNode& map) {
      for (const YamlEntry& entry : map.entries) {
        Key(entry);
        Twice(map, entry);
        if (entry.key != "with" && entry.key != "uses") Values(entry);
      }
    };
    if (!of_maps) return keys(*section);
    for (const YamlEntry& entry : section->entries) keys(*entry.value);
  }

  /// Values of the wrong kind, for numbers also of the wrong size.
  void Values(const YamlEntry& entry) {
    const YamlNode& node = *entry.value;
    if (node.kind != YamlNode::Kind::kScalar || node.quoted) return;
    const bool number = node.text.find_first_not_of("0123456789.") == std::string::npos;
    const bool choice = entry.key == "weights" || entry.key == "precision" || entry.key == "device" ||
                        entry.key == "rule" || entry.key == "drafter" || entry.key == "order";
    if (number) {
      Add("no number", map_.Replace(node, "banana"), node.offset);
      Add("number quoted", map_.Replace(node, "\"" + node.text + "\""), node.offset);
      Add("far too small", map_.Replace(node, "-987654321"), node.offset);
    }
    if (choice) {
      Add("choice misspelt", map_.Replace(node, Misspelt(node.text)), node.offset);
      Add("choice unknown", map_.Replace(node, "frobnicate"), node.offset);
    }
    if (number || choice) Add("a map for a value", map_.Replace(node, "{ a: 1 }"), node.offset);
    if (number || choice) Add("nothing for a value", map_.Replace(node, "~"), KeyOf(entry));
  }

  void Stage(const YamlEntry& stage) {
    const YamlNode& map = *stage.value;
    const auto uses =
        std::find_if(map.entries.begin(), map.entries.end(), [](const YamlEntry& e) { return e.key == "uses"; });
    Add("stage misspelt", map_.Replace(*uses->value, Misspelt(uses->value->text)), uses->value->offset);
    Add("stage unknown", map_.Replace(*uses->value, "frobnicate"), uses->value->offset);
    Add("no uses", map_.Cut(KeyOf(*uses)), KeyOf(stage));
    Add("stage a text", map_.Replace(map, uses->value->text), map.offset);
    Add("stage renamed", map_.RenameKey(stage, stage.key + ".x"), KeyOf(stage));
    const YamlNode* const with = map.Find("with");
    for (size_t i = 0; with != nullptr && i < with->entries.size(); ++i) {
      const YamlEntry& entry = with->entries[i];
      Key(entry);
      Twice(*with, entry);
      Values(entry);
      if (entry.key == "path") {
        const size_t key = KeyOf(
            *std::find_if(map.entries.begin(), map.entries.end(), [](const YamlEntry& e) { return e.key == "with"; }));
        Add("option missing", map_.Cut(KeyOf(entry)), key);
      }
      if (entry.key == "model" && entry.value->text.find('$') == std::string::npos) {
        Add("model misspelt", map_.Replace(*entry.value, Misspelt(entry.value->text)), entry.value->offset);
        Add("model unknown", map_.Replace(*entry.value, "frobnicate"), entry.value->offset);
      }
    }
  }

  void Edges() {
    const YamlNode& edges = *root_->Find("edges");
    const YamlNode& stages = *root_->Find("stages");
    const auto stage = [&](const std::string& name) {
      for (const YamlEntry& entry : stages.entries) {
        if (entry.key == name.substr(0, name.find('.'))) return KeyOf(entry);
      }
      return size_t{0};
    };
    for (const YamlNodePtr& edge : edges.items) {
      const bool map = edge->kind == YamlNode::Kind::kMap;
      std::string from, to;
      size_t from_at = edge->offset, to_at = 0;
      if (map) {
        from = edge->Find("from")->text, to = edge->Find("to")->text;
        from_at = edge->Find("from")->offset, to_at = edge->Find("to")->offset;
      } else {
        const size_t arrow = edge->text.find(" -> ");
        from = edge->text.substr(0, arrow), to = edge->text.substr(arrow + 4);
        to_at = edge->offset + arrow + 4;
      }
      const std::string from_stage = from.substr(0, from.find('.'));
      Add("edge from a stage misspelt", {from_at, from_at + from_stage.size(), Misspelt(from_stage)}, from_at);
      Add("edge to a stage misspelt", {to_at, to_at + to.size(), Misspelt(to)}, to_at);
      Add("edge to no stage", {to_at, to_at + to.size(), "frobnicate"}, to_at);
      if (from.find('.') != std::string::npos) {
        const size_t port = from_at + from_stage.size() + 1;
        Add("output misspelt", {port, from_at + from.size(), Misspelt(from.substr(from.find('.') + 1))}, port);
        Add("output not named", {port - 1, from_at + from.size(), ""}, from_at);
      }
      Add("input unknown", {to_at + to.size(), to_at + to.size(), ".frobnicate"}, to_at + to.size() + 1);
      const Edit again = map_.AddItem(edges, from + " -> " + to);
      if (!map) Add("edge twice", again, again.begin + again.text.find(from));
      const Edit cut = map_.Cut(edge->offset);
      AddAt("edge missing", {cut}, {After(cut, stage(from)), After(cut, stage(to))});
      if (map) {
        for (const YamlEntry& entry : edge->entries) {
          if (entry.key == "back") Add("cycle not declared", map_.Cut(KeyOf(entry)), edge->offset);
          if (entry.key != "back") Add("edge without " + entry.key, map_.Cut(KeyOf(entry)), edge->offset);
          Key(entry);
        }
      } else {
        Add("wrong arrow", map_.Replace(*edge, from + " => " + to), edge->offset);
        Add("edge to nowhere", map_.Replace(*edge, "\"" + from + " ->\""), edge->offset);
      }
    }
  }

  void References() {
    const std::string& text = source_.text();
    const size_t begin = text.find("\nretort:");  // not in the comment before
    for (size_t at = text.find("${", begin); at != std::string::npos; at = text.find("${", at + 1)) {
      const size_t end = text.find('}', at);
      const std::string name = text.substr(at + 2, end - at - 2);
      Add("variable misspelt", {at + 2, end, Misspelt(name)}, at);
      Add("variable unknown", {at + 2, end, "frobnicate"}, at);
      Add("variable without }", {end, end + 1, ""}, at);
      Add("variable without a name", {at + 2, end, ""}, at);
    }
  }

  /// What is no YAML any more.
  void Text() {
    const std::string& text = source_.text();
    for (const YamlEntry& stage : root_->Find("stages")->entries) {
      const size_t line = text.rfind('\n', KeyOf(stage)) + 1;
      Add("tab", {line, KeyOf(stage), "\t"}, line);
      const YamlNode& map = *stage.value;
      if (text[map.offset] != '{') continue;
      const size_t end = map_.EndOf(map);
      const YamlNode* const with = map.Find("with");
      Add("map not closed", {end - 1, end, ""}, map.offset);
      if (with != nullptr && text[with->offset] == '{' && text.find('\n', with->offset) > end) {
        const size_t inner = map_.EndOf(*with);
        Add("inner map not closed", {inner - 1, inner, ""}, map.offset);
      }
      if (with == nullptr) continue;
      for (const YamlEntry& entry : with->entries) {
        if (!entry.value->quoted || text[entry.value->offset] != '"') continue;
        const size_t close = map_.EndOf(*entry.value);
        Add("quote not closed", {close - 1, close, ""}, entry.value->offset);
      }
    }
    Add("second document", {text.size(), text.size(), "---\nretort: 1\n"}, text.size() + 4);
    Add("control character", {text.size(), text.size(), "name\x01: x\n"}, text.size() + 4);
    Add("no UTF-8", {text.size(), text.size(), "# \xff\n"}, text.size() + 2);
  }

  SourceText source_;
  Diagnostics faults_;
  YamlNodePtr root_;
  SourceMap map_;
  std::vector<Mutation> made_;
};

}  // namespace

std::vector<Mutation> MutatePipeline(const std::string& text) { return Mutator(text).All(); }

}  // namespace retort::testing
