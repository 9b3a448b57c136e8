#include "core/graph/template_test.h"

#include <memory>

namespace retort {
namespace {

constexpr const char* kTemplates = "templates";

using Entries = std::vector<YamlEntry>;

YamlNodePtr Text(std::string text, Place place) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlNode::Kind::kScalar;
  node->place = place;
  node->offset = kNoOffset;
  node->text = std::move(text);
  return node;
}

YamlNodePtr Map(Entries entries, Place place) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlNode::Kind::kMap;
  node->place = place;
  node->entries = std::move(entries);
  return node;
}

YamlNodePtr List(std::vector<YamlNodePtr> items, Place place) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlNode::Kind::kSequence;
  node->place = place;
  node->items = std::move(items);
  return node;
}

YamlNodePtr FileStage(const char* uses, Place place) {
  return Map({{"uses", place, Text(uses, place)}, {"with", place, Map({{"path", place, Text("-", place)}}, place)}},
             place);
}

YamlNodePtr Edge(const std::string& from, const std::string& to, Place place) {
  return Map({{"from", place, Text(from, place)}, {"to", place, Text(to, place)}}, place);
}

const YamlNode* Below(const YamlNode* node, const std::string& key) {
  return node == nullptr ? nullptr : node->Find(key);
}

}  // namespace

std::string TemplateSource() { return "(input)"; }
std::string TemplateEnd(const std::string& output) { return "(" + output + ")"; }

std::vector<TemplateTest> TemplateTests(const YamlNode& root) {
  std::vector<TemplateTest> found;
  const YamlNode* const templates = root.Find(kTemplates);
  if (templates == nullptr) return found;
  for (const YamlEntry& entry : templates->entries) {
    const YamlNode* const tests = entry.value->Find("tests");
    if (tests == nullptr || entry.place.file != 0) continue;
    for (const YamlEntry& test : tests->entries) found.push_back({entry.key, test.key});
  }
  return found;
}

YamlNodePtr AsPipeline(const YamlNodePtr& root, const TemplateTest& test) {
  const YamlNode* const node = Below(root->Find(kTemplates), test.name);
  const YamlNode* const tests = Below(node, "tests");
  const YamlEntry* const entry = tests == nullptr ? nullptr : tests->FindEntry(test.test);
  if (entry == nullptr) return root;
  const Place place = entry->place;
  auto own = std::make_shared<YamlNode>(*entry->value);
  Entries instance = {{"template", place, Text(test.name, place)}};
  if (const YamlEntry* const with = own->FindEntry("with")) instance.push_back(*with);
  std::erase_if(own->entries, [](const YamlEntry& part) { return part.key == "with"; });
  Entries stages = {{test.name, place, Map(std::move(instance), place)}};
  std::vector<YamlNodePtr> edges;
  if (node->Find("input") != nullptr) {
    stages.push_back({TemplateSource(), place, FileStage("read-jsonl", place)});
    edges.push_back(Edge(TemplateSource(), test.name, place));
  }
  if (const YamlNode* const outputs = node->Find("outputs")) {
    for (const YamlEntry& output : outputs->entries) {
      stages.push_back({TemplateEnd(output.key), output.place, FileStage("write-jsonl", output.place)});
      edges.push_back(Edge(test.name + "." + output.key, TemplateEnd(output.key), output.place));
    }
  }
  auto pipeline = std::make_shared<YamlNode>(*root);
  std::erase_if(pipeline->entries, [](const YamlEntry& section) {
    return section.key == "stages" || section.key == "edges" || section.key == "tests";
  });
  pipeline->entries.push_back({"stages", place, Map(std::move(stages), place)});
  pipeline->entries.push_back({"edges", place, List(std::move(edges), place)});
  pipeline->entries.push_back({"tests", place, Map({{entry->key, place, own}}, place)});
  return pipeline;
}

}  // namespace retort
