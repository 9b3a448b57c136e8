#include "core/testing/mock_host.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/graph/nearest_name.h"
#include "core/graph/option_reader.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/plugin/loader.h"

namespace retort::testing {
namespace {

/// The options as `lint` reads them. Errors: kInvalidArgument with all faults and their places.
Result<std::map<std::string, OptionValue>> ReadOptions(const StageDescriptor& stage, const std::string& options) {
  const SourceText source("options of " + stage.name, options);
  Diagnostics diagnostics(source.file());
  Variables variables(source, diagnostics, {}, false);
  const YamlNodePtr root = ParseYaml(source, diagnostics);
  OptionValues read =
      OptionReader(variables, diagnostics).ReadSection(root.get(), {1, 1}, "stage `" + stage.name + "`", stage.options);
  if (diagnostics.HasErrors()) return InvalidArgument(RenderText(diagnostics.Sorted(), source));
  return std::move(read.values);
}

}  // namespace

Status MockHost::Load(const std::string& path) { return LoadPlugin(path, registry_); }

Status MockHost::Link(retort_code (*init)(const retort_host*, retort_registrar*)) {
  return AddLinkedPlugin("(linked)", init, registry_);
}

void MockHost::AddModel(std::shared_ptr<Model> model) {
  std::string name = model->config().name;
  models_[std::move(name)] = std::move(model);
}

Result<const StageDescriptor*> MockHost::Find(const std::string& stage) const {
  const StageDescriptor* const descriptor = registry_.Find(stage);
  if (descriptor != nullptr) return descriptor;
  const std::vector<std::string> names = registry_.StageNames();
  return NotFound("no stage `" + stage + "` is loaded; " + (names.empty() ? "none is" : "there is " + NameList(names)));
}

Result<StageConfig> MockHost::ConfigOf(const StageDescriptor& stage, const std::string& options) const {
  RETORT_ASSIGN_OR_RETURN(auto values, ReadOptions(stage, options));
  RETORT_RETURN_IF_ERROR(CheckStageOptions(stage, {stage.name, values, {}}).Annotate("stage `" + stage.name + "`"));
  return StageConfig{.stage_name = stage.name, .values = std::move(values), .models = models_};
}

Result<std::unique_ptr<MockStage>> MockHost::Create(const std::string& stage, const std::string& options) {
  RETORT_ASSIGN_OR_RETURN(const StageDescriptor* const descriptor, Find(stage));
  return Create(*descriptor, options);
}

Result<std::unique_ptr<MockStage>> MockHost::Create(const StageDescriptor& stage, const std::string& options) {
  RETORT_ASSIGN_OR_RETURN(StageConfig config, ConfigOf(stage, options));
  RETORT_ASSIGN_OR_RETURN(std::unique_ptr<PluginStage> body, PluginStage::Create(stage, std::move(config)));
  return std::unique_ptr<MockStage>(new MockStage(*this, stage, std::move(body)));
}

Result<std::unique_ptr<MockStage>> MockHost::CreateIsolated(const std::string& stage, const std::string& options,
                                                            const IsolationOptions& isolation) {
  RETORT_ASSIGN_OR_RETURN(const StageDescriptor* const descriptor, Find(stage));
  RETORT_ASSIGN_OR_RETURN(StageConfig config, ConfigOf(*descriptor, options));
  RETORT_ASSIGN_OR_RETURN(auto body, IsolatedStage::Create(*descriptor, std::move(config), isolation));
  return std::unique_ptr<MockStage>(new MockStage(*this, *descriptor, std::move(body)));
}

Record* MockHost::NewRecord() {
  Record& record = records_.emplace_back();
  record.number = records_.size() - 1;
  record.run_seed = run_seed_;
  return &record;
}

Record* MockHost::NewRecord(std::string_view json) {
  const Result<Record*> record = ParseNewRecord(json);
  if (record.ok()) return *record;
  std::fprintf(stderr, "MockHost::NewRecord: %s\n", record.status().ToString().c_str());
  std::abort();
}

Result<Record*> MockHost::ParseNewRecord(std::string_view json) {
  Record* const record = NewRecord();
  RETORT_RETURN_IF_ERROR(ParseRecord(json, records_.size(), *record));
  return record;
}

Status MockHost::BeginSequence(const std::string& model, Record& record) {
  const auto found = models_.find(model);
  if (found == models_.end()) return NotFound("there is no model `" + model + "`");
  const auto prompt = record.json.find("prompt");
  if (prompt == record.json.end() || !prompt->is_string())
    return InvalidArgument("record " + record.id + ": expected a text `prompt` to begin a sequence with");
  RETORT_ASSIGN_OR_RETURN(const std::vector<int32_t> tokens,
                          found->second->tokenizer().Encode(prompt->get_ref<const std::string&>(), {}));
  retort_model handle{found->second};
  return StatusOfCode(HostServices().sequence_begin(ToHandle(&record), &handle, tokens.data(), tokens.size()),
                      "sequence_begin");
}

MockStage::MockStage(MockHost& host, const StageDescriptor& descriptor, std::unique_ptr<StageBody> body)
    : host_(host), descriptor_(descriptor), body_(std::move(body)), emitted_(descriptor.outputs.size()) {}

Status MockStage::Process(const std::vector<Record*>& records) {
  held_ = records;
  bool end = false;
  return Finish(body_->Process(*this, records, 0, &end));
}

Result<bool> MockStage::Produce(size_t want) {
  may_create_ = want;
  bool end = false;
  RETORT_RETURN_IF_ERROR(Finish(body_->Process(*this, {}, want, &end)));
  return !end;
}

Status MockStage::Finish(Status status) {
  for (Record* record : std::exchange(held_, {})) {
    failed_.push_back({record, status.ok() ? Internal("the stage forgot the record") : status});
  }
  may_create_ = 0;
  return status;
}

Status MockStage::Take(Record* record) {
  const auto found = std::find(held_.begin(), held_.end(), record);
  if (found == held_.end()) return InvalidArgument("a record that is not in this call or was given away already");
  held_.erase(found);
  return {};
}

Status MockStage::Emit(uint32_t port, Record* record) {
  if (port >= emitted_.size()) {
    return InvalidArgument("output port " + std::to_string(port) + ", but the stage has " +
                           std::to_string(emitted_.size()));
  }
  RETORT_RETURN_IF_ERROR(Take(record));
  emitted_[port].push_back(record);
  return {};
}

Status MockStage::Complete(Record* record) {
  RETORT_RETURN_IF_ERROR(Take(record));
  completed_.push_back(record);
  return {};
}

Status MockStage::Fail(Record* record, Status why) {
  RETORT_RETURN_IF_ERROR(Take(record));
  failed_.push_back({record, std::move(why)});
  return {};
}

Status MockStage::Skip(Record* record, std::string_view reason) {
  RETORT_RETURN_IF_ERROR(Take(record));
  skipped_.emplace_back(record, reason);
  return {};
}

Result<Record*> MockStage::Create() {
  if (!descriptor_.is_source()) return InvalidArgument("only sources create records");
  if (may_create_ == 0) return ResourceExhausted("no more records may be created in this call");
  --may_create_;
  Record* const record = host_.NewRecord();
  held_.push_back(record);
  return record;
}

void MockStage::Count(std::string_view metric, double amount) { counters_[std::string(metric)] += amount; }
void MockStage::Sample(std::string_view metric, double value) { samples_[std::string(metric)].push_back(value); }

double MockStage::counter(const std::string& name) const {
  const auto found = counters_.find(name);
  return found == counters_.end() ? 0 : found->second;
}

const std::vector<double>& MockStage::samples(const std::string& name) const {
  static const std::vector<double> none;
  const auto found = samples_.find(name);
  return found == samples_.end() ? none : found->second;
}

void MockStage::ClearOutcome() {
  for (std::vector<Record*>& port : emitted_) port.clear();
  completed_.clear();
  failed_.clear();
  skipped_.clear();
}

}  // namespace retort::testing
