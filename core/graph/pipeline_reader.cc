#include "core/graph/pipeline_reader.h"

#include <algorithm>
#include <filesystem>

#include "core/graph/nearest_name.h"
#include "core/graph/pipeline_keys.h"
#include "core/graph/testing/test_reader.h"

namespace retort {
namespace {

/// Where failed records go that belong to the output `path`. Beside what is no regular file (`-`, a device, a pipe)
/// there is no place for them.
std::string DeadLetterBeside(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool regular = path != "-" && (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status));
  return regular ? path + ".failed.jsonl" : "failed.jsonl";
}

bool IsDeviceName(const std::string& name) {
  if (name == "ref" || name == "cpu" || name == "cuda") return true;
  const std::string index = name.starts_with("cuda:") ? name.substr(5) : "";
  return !index.empty() && index.size() < 4 &&
         std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

PipelineReader::PipelineReader(const SourceText& source, const Registry& registry, const LoadOptions& options,
                               Diagnostics& diagnostics)
    : source_(source),
      registry_(registry),
      diagnostics_(diagnostics),
      variables_(source, diagnostics, options.variables, options.allow_unset_variables),
      options_(variables_, diagnostics),
      profiles_(options.profiles),
      template_(options.template_test ? options.template_test->name : ""),
      laid_over_(!options.profiles.empty() || !options.overrides.empty()),
      advice_(options.advice) {}

PipelineDescription PipelineReader::Read(const YamlNode& root) {
  if (root.kind != YamlNode::Kind::kMap) {
    diagnostics_.Error(Rule::kNotAMap, root.place, "a pipeline is a map, but here is " + DescribeNode(root),
                       "`retort: 1`, `stages:` and `edges:`");
    return {};
  }
  ReadVersion(root);
  if (const YamlNode* section = Section(root, "variables", YamlNode::Kind::kMap, kMaxVariables, false))
    variables_.Declare(*section);
  ReportUnknownKeys(root, "the pipeline", TopKeys());
  if (const YamlNode* name = root.Find("name")) {
    pipeline_.name = options_.ReadText(*name, "`name`").value_or("");
    pipeline_.name_place = name->place;
  }
  ReadEngine(Section(root, "engine", YamlNode::Kind::kMap, kMaxStages, false));
  if (const YamlNode* section = Section(root, "models", YamlNode::Kind::kMap, kMaxStages, false)) ReadModels(*section);
  if (const YamlNode* section = Section(root, "templates", YamlNode::Kind::kMap, kMaxStages, false))
    ReadTemplates(*section);
  if (const YamlNode* section = Section(root, "stages", YamlNode::Kind::kMap, kMaxStages, true)) ReadStages(*section);
  if (const YamlNode* section = Section(root, "edges", YamlNode::Kind::kSequence, kMaxEdges, true)) ReadEdges(*section);
  if (const YamlNode* section = Section(root, "tests", YamlNode::Kind::kMap, kMaxTests, false))
    pipeline_.tests = TestReader(pipeline_, profiles_, template_, diagnostics_).Read(*section);
  if (!pipeline_.stages.empty()) {
    CheckPorts();
    CheckGraph(pipeline_, edges_unclear_, diagnostics_);
  }
  variables_.ReportUnused(laid_over_);
  pipeline_.variables = variables_.Values();
  return std::move(pipeline_);
}

const YamlNode* PipelineReader::Section(const YamlNode& root, const std::string& key, YamlNode::Kind kind, size_t limit,
                                        bool required) {
  const std::string expected = kind == YamlNode::Kind::kMap ? "a map of names" : "a list";
  const YamlEntry* const entry = OptionReader::FindMeant(root, key, TopKeys());
  if (entry == nullptr) {
    if (required)
      diagnostics_.Error(Rule::kMissingSection, root.place, "the pipeline has no `" + key + ":`",
                         "`" + key + ":` with " + expected);
  } else if (entry->value->kind == YamlNode::Kind::kNull && !required) {
    return nullptr;
  } else if (entry->value->kind != kind) {
    diagnostics_.Error(Rule::kWrongSection, entry->value->place, "`" + key + "` is " + DescribeNode(*entry->value),
                       expected);
  } else if (required && entry->value->items.empty() && entry->value->entries.empty()) {
    diagnostics_.Error(Rule::kEmptySection, entry->value->place, "`" + key + "` is empty", expected);
  } else if (entry->value->items.size() + entry->value->entries.size() > limit) {
    diagnostics_.Error(Rule::kTooLarge, entry->value->place,
                       "`" + key + "` has more than " + std::to_string(limit) + " entries", "a smaller pipeline");
  } else {
    return entry->value.get();
  }
  edges_unclear_ = edges_unclear_ || required;
  return nullptr;
}

void PipelineReader::ReportUnknownKeys(const YamlNode& map, const std::string& owner,
                                       const std::vector<std::string>& known) {
  for (const YamlEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) options_.ReportUnknownKey(entry, owner, known);
  }
}

void PipelineReader::ReadVersion(const YamlNode& root) {
  const std::string version = std::to_string(kPipelineVersion);
  const YamlEntry* const entry = OptionReader::FindMeant(root, "retort", TopKeys());
  const YamlNode* const node = entry == nullptr ? nullptr : entry->value.get();
  if (node == nullptr) {
    diagnostics_.Error(Rule::kMissingVersion, root.place,
                       "the pipeline does not say which version of the language it is written in",
                       "`retort: " + version + "` as its first line");
  } else if (node->kind != YamlNode::Kind::kScalar || node->text != version) {
    diagnostics_.Error(Rule::kWrongVersion, node->place,
                       "`retort` is " + DescribeNode(*node) + ", a version that this program does not read",
                       "`retort: " + version + "`");
  }
}

void PipelineReader::ReadEngine(const YamlNode* section) {
  const OptionValues options = options_.ReadSection(section, {}, "engine", EngineKeys());
  EngineOptions& engine = pipeline_.engine;
  options.Set<int64_t>("seed", engine.seed);
  options.Set<int64_t>("credits", engine.credits);
  options.Set<int64_t>("credit_bytes", engine.credit_bytes);
  options.Set<int64_t>("threads", engine.threads);
  if (options.Get<std::string>("affinity") == "cores") engine.affinity = Affinity::kCores;
  options.Set<int64_t>("numa", engine.numa);
  options.Set<bool>("deterministic", engine.deterministic);
  options.Set<std::string>("dead_letter", engine.dead_letter_path);
  const std::string beside = options.Get<std::string>("dead_letter_beside").value_or("");
  if (engine.dead_letter_path.empty() && !beside.empty()) engine.dead_letter_path = DeadLetterBeside(beside);
  options.Set<int64_t>("max_cycles", engine.max_cycles);
  pipeline_.engine_settings = options;
}

void PipelineReader::ReadModels(const YamlNode& section) {
  for (const YamlEntry& entry : section.entries) {
    const std::string owner = "model `" + entry.key + "`";
    const OptionValues options = options_.ReadSection(entry.value.get(), entry.place, owner, ModelKeys());
    ModelDescription model;
    model.name = entry.key;
    model.place = entry.place;
    model.settings = options;
    model.config.name = entry.key;
    options.Set<std::string>("source", model.config.source);
    options.Set<std::string>("device", model.config.device);
    options.Set<std::string>("weights", model.config.weights);
    options.Set<int64_t>("context_length", model.config.context_length);
    options.Set<int64_t>("threads", model.config.threads);
    options.Set<int64_t>("prefix_cache", model.config.prefix_cache);
    model.config.precision = options.Get<std::string>("precision") == "exact" ? Precision::kExact : Precision::kFast;
    if (!IsDeviceName(model.config.device)) {
      const std::vector<std::string> names = {"ref", "cpu", "cuda", "cuda:0"};
      diagnostics_.Error(Rule::kUnknownDevice, options.places.at("device"),
                         owner + ": there is no device `" + model.config.device + "`",
                         "`ref`, `cpu`, `cuda` or `cuda:N`", NearestName(model.config.device, names));
    }
    pipeline_.models.push_back(std::move(model));
  }
}

}  // namespace retort
