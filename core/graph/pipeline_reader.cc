#include "core/graph/pipeline_reader.h"

#include <algorithm>
#include <filesystem>

#include "core/graph/nearest_name.h"
#include "core/graph/payload.h"
#include "core/graph/pipeline_keys.h"
#include "core/graph/stage_isolation.h"
#include "core/graph/testing/test_reader.h"
#include "core/plugin/plugin_stage.h"

namespace retort {
namespace {

template <typename T>
std::optional<T> Get(const OptionValues& options, const std::string& name) {
  const auto found = options.values.find(name);
  if (found == options.values.end()) return std::nullopt;
  return std::get<T>(found->second);
}

template <typename T, typename Field>
void Set(const OptionValues& options, const std::string& name, Field& field) {
  if (const auto value = Get<T>(options, name)) field = static_cast<Field>(*value);
}

/// Where failed records go that belong to the output `path`. Beside what is no regular file (`-`, a device, a pipe)
/// there is no place for them.
std::string DeadLetterBeside(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool regular = path != "-" && (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status));
  return regular ? path + ".failed.jsonl" : "failed.jsonl";
}

/// All keys of a stage.
const std::vector<std::string>& StageKeyNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = {"uses", "with"};
    for (const OptionSpec& spec : StageKeys()) list.push_back(spec.name);
    return list;
  }();
  return names;
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
      laid_over_(!options.profiles.empty() || !options.overrides.empty()) {}

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
  Set<int64_t>(options, "seed", engine.seed);
  Set<int64_t>(options, "credits", engine.credits);
  Set<int64_t>(options, "credit_bytes", engine.credit_bytes);
  Set<int64_t>(options, "threads", engine.threads);
  if (Get<std::string>(options, "affinity") == "cores") engine.affinity = Affinity::kCores;
  Set<int64_t>(options, "numa", engine.numa);
  Set<bool>(options, "deterministic", engine.deterministic);
  Set<std::string>(options, "dead_letter", engine.dead_letter_path);
  const std::string beside = Get<std::string>(options, "dead_letter_beside").value_or("");
  if (engine.dead_letter_path.empty() && !beside.empty()) engine.dead_letter_path = DeadLetterBeside(beside);
  Set<int64_t>(options, "max_cycles", engine.max_cycles);
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
    Set<std::string>(options, "source", model.config.source);
    Set<std::string>(options, "device", model.config.device);
    Set<std::string>(options, "weights", model.config.weights);
    Set<int64_t>(options, "context_length", model.config.context_length);
    Set<int64_t>(options, "threads", model.config.threads);
    Set<int64_t>(options, "prefix_cache", model.config.prefix_cache);
    model.config.precision = Get<std::string>(options, "precision") == "exact" ? Precision::kExact : Precision::kFast;
    if (!IsDeviceName(model.config.device)) {
      const std::vector<std::string> names = {"ref", "cpu", "cuda", "cuda:0"};
      diagnostics_.Error(Rule::kUnknownDevice, options.places.at("device"),
                         owner + ": there is no device `" + model.config.device + "`",
                         "`ref`, `cpu`, `cuda` or `cuda:N`", NearestName(model.config.device, names));
    }
    pipeline_.models.push_back(std::move(model));
  }
}

void PipelineReader::ReadStages(const YamlNode& section) {
  for (const YamlEntry& entry : section.entries) {
    CheckStageName(entry);
    ReadStageOrInstance(entry, 0);
  }
  const bool unclear =
      std::any_of(instances_.begin(), instances_.end(), [](const auto& entry) { return entry.second.unclear; });
  for (const ModelDescription& model : pipeline_.models) {
    const auto uses = [&](const StageDescription& stage) {
      return stage.descriptor == nullptr || model.place.file != 0 || unclear ||
             std::find(stage.models.begin(), stage.models.end(), model.name) != stage.models.end();
    };
    if (std::none_of(pipeline_.stages.begin(), pipeline_.stages.end(), uses)) {
      diagnostics_.Warning(Rule::kUnusedModel, model.place, "model `" + model.name + "` is never used",
                           "a stage with an option that names it");
    }
  }
}

void PipelineReader::CheckStageName(const YamlEntry& entry) {
  if (!entry.key.empty() && entry.key.find_first_of(". >/") == std::string::npos) return;
  diagnostics_.Error(
      Rule::kStageName, entry.place,
      "stage `" + entry.key + "`: a stage's name stands in edges and must not hold `.`, `>`, `/` or spaces",
      "letters, digits, `_` and `-`");
}

void PipelineReader::ReadStageOrInstance(const YamlEntry& entry, size_t nesting) {
  const bool instance = entry.value->kind == YamlNode::Kind::kMap && entry.value->FindEntry("template") != nullptr;
  instance ? ReadInstance(entry, nesting) : ReadStage(entry);
}

void PipelineReader::ReadStage(const YamlEntry& entry) {
  const std::string owner = "stage `" + entry.key + "`";
  StageDescription stage;
  stage.name = entry.key;
  stage.place = entry.place;
  if (entry.value->kind != YamlNode::Kind::kMap) {
    diagnostics_.Error(Rule::kStageKind, entry.value->place, owner + " is " + DescribeNode(*entry.value),
                       "`{ uses: STAGE, with: { ... } }`");
  } else if ((stage.descriptor = ReadUses(entry, owner, stage)) != nullptr) {
    const YamlEntry* const with = OptionReader::FindMeant(*entry.value, "with", StageKeyNames());
    const bool given = with != nullptr;
    const OptionValues options = options_.ReadSection(
        given ? with->value.get() : nullptr, given ? with->place : entry.place, owner, stage.descriptor->options);
    stage.values = options.values;
    stage.value_places = options.places;
    ReadModelNames(options, owner, stage);
    ReadStageKeys(entry, owner, stage);
    const bool complete = stage.values.size() == stage.descriptor->options.size();  // no value is faulty or unknown
    if (complete) {
      const Status together = CheckStageOptions(*stage.descriptor, {stage.name, stage.values, {}});
      if (!together.ok()) diagnostics_.Error(Rule::kOptionsTogether, entry.place, owner + ": " + together.message());
    }
    ReadRunModels(owner, complete, stage);
    ReadPayloads(owner, complete, stage);
    ReadIsolation(owner, stage, diagnostics_);
  } else {
    ReportUnknownKeys(*entry.value, owner, StageKeyNames());
    options_.ExpandAll(*entry.value);
  }
  pipeline_.stages.push_back(std::move(stage));
}

/// Only where the options are whole is the plugin asked; else every model counts as run.
void PipelineReader::ReadRunModels(const std::string& owner, bool complete, StageDescription& stage) {
  for (const OptionSpec& spec : stage.descriptor->options) {
    const auto value = spec.type == RETORT_OPTION_MODEL ? stage.values.find(spec.name) : stage.values.end();
    const auto* name = value == stage.values.end() ? nullptr : std::get_if<std::string>(&value->second);
    if (name == nullptr || name->empty()) continue;
    const auto runs = complete ? RunsModel(*stage.descriptor, {stage.name, stage.values, {}}, spec.name) : true;
    if (!runs.ok()) diagnostics_.Error(Rule::kPluginFault, stage.place, owner + ": " + runs.status().message());
    if (!runs.ok() || *runs) stage.run_models.push_back(*name);
  }
}

void PipelineReader::ReadPayloads(const std::string& owner, bool complete, StageDescription& stage) {
  const StageDescriptor& descriptor = *stage.descriptor;
  const auto payload = [&](const PortSpec& port, int32_t output) {
    if (!complete) return port.payload;
    const auto said = PayloadUnder(descriptor, {stage.name, stage.values, {}}, output);
    if (said.ok() && PayloadIs(*said, port.payload)) return *said;
    diagnostics_.Error(Rule::kPluginFault, stage.place,
                       owner + ": what `" + port.name + "` carries: " +
                           (said.ok() ? "the stage says `" + *said + "`, which is no kind of `" + port.payload + "`"
                                      : said.status().message()));
    return port.payload;
  };
  if (!descriptor.inputs.empty()) stage.input_payload = payload(descriptor.inputs[0], -1);
  for (size_t i = 0; i < descriptor.outputs.size(); ++i)
    stage.output_payloads.push_back(payload(descriptor.outputs[i], static_cast<int32_t>(i)));
}

const StageDescriptor* PipelineReader::ReadUses(const YamlEntry& entry, const std::string& owner,
                                                StageDescription& stage) {
  const YamlEntry* const meant = OptionReader::FindMeant(*entry.value, "uses", StageKeyNames());
  const YamlNode* const uses = meant == nullptr ? nullptr : meant->value.get();
  if (uses == nullptr) {
    diagnostics_.Error(Rule::kMissingUses, entry.place, owner + ": `uses` is missing",
                       "`uses:` with " + NameList(registry_.StageNames()));
    return nullptr;
  }
  const auto name = options_.ReadText(*uses, owner + ": `uses`");
  if (!name) return nullptr;
  stage.uses = *name;
  stage.uses_place = uses->place;
  const StageDescriptor* descriptor = registry_.Find(*name);
  if (descriptor == nullptr) {
    const std::string nearest = NearestName(*name, registry_.StageNames());
    diagnostics_.Error(Rule::kUnknownStage, uses->place, owner + ": there is no stage `" + *name + "`",
                       "one of " + NameList(registry_.StageNames()) + " (`retort list` shows refused plugins)",
                       nearest);
    descriptor = registry_.Find(nearest);  // the rest is checked as if this were meant
  }
  return descriptor;
}

void PipelineReader::ReadStageKeys(const YamlEntry& entry, const std::string& owner, StageDescription& stage) {
  const OptionValues options =
      options_.ReadSection(entry.value.get(), entry.place, owner, StageKeys(), {"uses", "with"});
  const StageDescriptor& descriptor = *stage.descriptor;
  const int64_t max_batch = Get<int64_t>(options, "max_batch").value_or(0);
  stage.max_batch = max_batch > 0 ? static_cast<uint32_t>(max_batch) : std::max(1u, descriptor.default_max_batch);
  stage.linger = std::chrono::milliseconds(Get<int64_t>(options, "linger").value_or(0));
  stage.concurrent = (descriptor.flags & RETORT_STAGE_CONCURRENT) != 0 && Get<int64_t>(options, "concurrency") != 1;
  const std::string order = Get<std::string>(options, "order").value_or("auto");
  stage.ordered = order == "input" || (order == "auto" && (descriptor.flags & RETORT_STAGE_ORDERED) != 0);
  stage.settings = options;
}

void PipelineReader::ReadModelNames(const OptionValues& options, const std::string& owner, StageDescription& stage) {
  for (const OptionSpec& spec : stage.descriptor->options) {
    const auto name = spec.type == RETORT_OPTION_MODEL ? Get<std::string>(options, spec.name) : std::nullopt;
    if (!name || name->empty()) continue;
    if (pipeline_.FindModel(*name) != nullptr) {
      stage.models.push_back(*name);
      continue;
    }
    std::vector<std::string> names;
    for (const ModelDescription& model : pipeline_.models) names.push_back(model.name);
    const auto place = options.places.find(spec.name);
    diagnostics_.Error(Rule::kUnknownModel, place == options.places.end() ? stage.place : place->second,
                       owner + ": `" + spec.name + "` names the model `" + *name + "`, which is not declared",
                       names.empty() ? "a model under `models:`" : "one of " + NameList(names),
                       NearestName(*name, names));
  }
}

}  // namespace retort
