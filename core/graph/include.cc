#include "core/graph/include.h"

#include <algorithm>
#include <filesystem>

#include "core/graph/compose.h"
#include "core/graph/pipeline.h"

namespace retort {
namespace {

constexpr const char* kInclude = "include";

void Erase(YamlNode& map, std::string_view key) {
  std::erase_if(map.entries, [&](const YamlEntry& entry) { return entry.key == key; });
}

/// `over` laid over `base`, but with the edges of both.
YamlNodePtr Joined(const YamlNodePtr& base, const YamlNodePtr& over) {
  const YamlNodePtr laid = LaidOver(base, over);
  const YamlEntry *const below = base->FindEntry("edges"), *const above = over->FindEntry("edges");
  if (below == nullptr || above == nullptr || below->value->kind != YamlNode::Kind::kSequence ||
      above->value->kind != YamlNode::Kind::kSequence)
    return laid;
  auto edges = std::make_shared<YamlNode>(*above->value);
  edges->items.insert(edges->items.begin(), below->value->items.begin(), below->value->items.end());
  auto joined = std::make_shared<YamlNode>(*laid);
  for (YamlEntry& entry : joined->entries)
    if (entry.key == "edges") entry.value = edges;
  return joined;
}

class Includer {
 public:
  Includer(SourceText& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  /// `root` of `file` over what it includes. `above`: the files whose includes led here, this one last.
  YamlNodePtr Resolve(const YamlNodePtr& root, const std::string& file, const std::vector<std::string>& above) {
    const YamlEntry* const include = root->kind == YamlNode::Kind::kMap ? root->FindEntry(kInclude) : nullptr;
    if (include == nullptr) return root;
    auto own = std::make_shared<YamlNode>(*root);
    Erase(*own, kInclude);
    YamlNodePtr base;
    for (const YamlNodePtr& item : ItemsOf(include->value)) {
      const YamlNodePtr part = Read(*item, file, above);
      if (part != nullptr) base = base == nullptr ? part : Joined(base, part);
    }
    return base == nullptr ? own : Joined(base, own);
  }

  std::vector<std::string> TakeFiles() { return std::move(files_); }

 private:
  YamlNodePtr Read(const YamlNode& item, const std::string& file, const std::vector<std::string>& above) {
    const std::string expected = "the path of a YAML file, relative to this one";
    if (item.kind != YamlNode::Kind::kScalar || item.text.empty()) {
      diagnostics_.Error(Rule::kInclude, item.place, "`include` has " + DescribeNode(item), expected);
      return nullptr;
    }
    const std::filesystem::path path = (std::filesystem::path(file).parent_path() / item.text).lexically_normal();
    if (std::find(above.begin(), above.end(), path.string()) != above.end()) {
      diagnostics_.Error(Rule::kInclude, item.place, "`" + item.text + "` includes itself", "files without a circle");
      return nullptr;
    }
    if (files_.size() == kMaxIncludes) {
      diagnostics_.Error(Rule::kTooLarge, item.place,
                         "more than " + std::to_string(kMaxIncludes) + " files are included", "fewer files");
      return nullptr;
    }
    std::error_code error;
    const bool regular = std::filesystem::is_regular_file(path, error);  // reading another may never end
    auto text = regular ? ReadPipelineFile(path.string())
                        : Result<SourceText>(NotFound(path.string() + ": there is no such file"));
    if (!text.ok()) {
      diagnostics_.Error(Rule::kInclude, item.place, "`include`: " + text.status().message(), expected);
      return nullptr;
    }
    return Take(*text, path.string(), above);
  }

  YamlNodePtr Take(const SourceText& text, const std::string& path, std::vector<std::string> above) {
    files_.push_back(path);
    diagnostics_.AddFile(path);
    const SourceText& kept = source_.Include(path, text.text());
    const YamlNodePtr root = ParseYaml(kept, diagnostics_);
    if (root == nullptr) return nullptr;
    if (root->kind != YamlNode::Kind::kMap) {
      diagnostics_.Error(Rule::kNotAMap, root->place, "an included file is a map, but here is " + DescribeNode(*root),
                         "sections of a pipeline, such as `models:`");
      return nullptr;
    }
    auto part = std::make_shared<YamlNode>(*root);
    for (const char* const key : {"name", "tests"}) Erase(*part, key);
    above.push_back(path);
    return Resolve(part, path, above);
  }

  SourceText& source_;
  Diagnostics& diagnostics_;
  std::vector<std::string> files_;
};

}  // namespace

Included WithIncludes(const YamlNodePtr& root, SourceText& source, Diagnostics& diagnostics) {
  const std::string file = source.file();
  Includer includer(source, diagnostics);
  const YamlNodePtr resolved = includer.Resolve(root, file, {std::filesystem::path(file).lexically_normal().string()});
  return {resolved, includer.TakeFiles()};
}

}  // namespace retort
