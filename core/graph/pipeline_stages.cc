// Stages: what they use, their options and keys, and what they themselves say of these.
#include <algorithm>

#include "core/graph/nearest_name.h"
#include "core/graph/payload.h"
#include "core/graph/pipeline_keys.h"
#include "core/graph/pipeline_reader.h"
#include "core/graph/stage_isolation.h"
#include "core/plugin/plugin_stage.h"

namespace retort {
namespace {

/// All keys of a stage.
const std::vector<std::string>& StageKeyNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = {"uses", "with"};
    for (const OptionSpec& spec : StageKeys()) list.push_back(spec.name);
    return list;
  }();
  return names;
}

/// What does nothing in one place may be of use in another where the template serves.
bool OfATemplate(const std::string& stage) { return stage.find('/') != std::string::npos; }

}  // namespace

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
      if (together.ok() && advice_ && !OfATemplate(entry.key))
        ReadAdvice(owner, given ? *with->value : *entry.value, stage);
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

void PipelineReader::ReadAdvice(const std::string& owner, const YamlNode& with, const StageDescription& stage) {
  const auto advice = AdviceOn(*stage.descriptor, {stage.name, stage.values, {}});
  if (!advice.ok()) diagnostics_.Error(Rule::kPluginFault, stage.place, owner + ": " + advice.status().message());
  for (const OptionAdvice& remark : advice.ok() ? *advice : std::vector<OptionAdvice>()) {
    const auto place = stage.value_places.find(remark.option);
    if (!remark.option.empty() && place == stage.value_places.end()) continue;  // nobody wrote that value
    const YamlNode* const because = with.kind == YamlNode::Kind::kMap ? with.Find(remark.because) : nullptr;
    if (because != nullptr && because->text.find("${") != std::string::npos) continue;  // a run may set it otherwise
    diagnostics_.Note(Rule::kAdvice, remark.option.empty() ? stage.place : place->second, owner + ": " + remark.message,
                      "", remark.value);
  }
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
  const int64_t max_batch = options.Get<int64_t>("max_batch").value_or(0);
  stage.max_batch = max_batch > 0 ? static_cast<uint32_t>(max_batch) : std::max(1u, descriptor.default_max_batch);
  stage.linger = std::chrono::milliseconds(options.Get<int64_t>("linger").value_or(0));
  stage.concurrent = (descriptor.flags & RETORT_STAGE_CONCURRENT) != 0 && options.Get<int64_t>("concurrency") != 1;
  const std::string order = options.Get<std::string>("order").value_or("auto");
  stage.ordered = order == "input" || (order == "auto" && (descriptor.flags & RETORT_STAGE_ORDERED) != 0);
  stage.settings = options;
}

void PipelineReader::ReadModelNames(const OptionValues& options, const std::string& owner, StageDescription& stage) {
  for (const OptionSpec& spec : stage.descriptor->options) {
    const auto name = spec.type == RETORT_OPTION_MODEL ? options.Get<std::string>(spec.name) : std::nullopt;
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
