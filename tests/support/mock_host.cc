#include "tests/support/mock_host.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/plugin/loader.h"

namespace retort::testing {
namespace {

OptionValue Convert(const OptionSpec& spec, const YAML::Node& node) {
  switch (spec.type) {
    case RETORT_OPTION_BOOL: return node.as<bool>();
    case RETORT_OPTION_INT: return node.as<int64_t>();
    case RETORT_OPTION_FLOAT: return node.as<double>();
    case RETORT_OPTION_STRING_LIST: {
      std::vector<std::string> items;
      if (node.IsScalar()) items.push_back(node.as<std::string>());
      for (const auto& item : node) items.push_back(item.as<std::string>());
      return items;
    }
    default: return node.as<std::string>();
  }
}

/// The default as the option's type; text stays as it is written.
OptionValue Default(const OptionSpec& spec) {
  const bool text = spec.type == RETORT_OPTION_STRING || spec.type == RETORT_OPTION_ENUM ||
                    spec.type == RETORT_OPTION_PATH || spec.type == RETORT_OPTION_MODEL;
  if (text) return spec.default_value;
  if (spec.default_value.empty()) return std::vector<std::string>{};
  return Convert(spec, YAML::Load(spec.default_value));
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

Result<std::unique_ptr<MockStage>> MockHost::Create(const std::string& stage, const std::string& options) {
  const StageDescriptor* const descriptor = registry_.Find(stage);
  if (descriptor == nullptr) return NotFound("no stage `" + stage + "` is loaded");
  StageConfig config{.stage_name = stage, .values = {}, .models = models_};
  try {
    const YAML::Node given = YAML::Load(options);
    for (const auto& entry : given) {
      const auto name = entry.first.as<std::string>();
      const OptionSpec* const spec = descriptor->FindOption(name);
      if (spec == nullptr) return InvalidArgument("stage `" + stage + "` has no option `" + name + "`");
      config.values[name] = Convert(*spec, entry.second);
    }
    for (const OptionSpec& spec : descriptor->options) {
      if (config.values.contains(spec.name)) continue;
      if (spec.required) return InvalidArgument("stage `" + stage + "` needs option `" + spec.name + "`");
      config.values[spec.name] = Default(spec);
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("options of stage `" + stage + "`: " + e.what());
  }
  RETORT_ASSIGN_OR_RETURN(std::unique_ptr<PluginStage> body, PluginStage::Create(*descriptor, std::move(config)));
  return std::unique_ptr<MockStage>(new MockStage(*this, *descriptor, std::move(body)));
}

Record* MockHost::NewRecord() {
  Record& record = records_.emplace_back();
  record.number = records_.size() - 1;
  record.run_seed = run_seed_;
  return &record;
}

Record* MockHost::NewRecord(std::string_view json) {
  Record* const record = NewRecord();
  if (const Status status = ParseRecord(json, records_.size(), *record); !status.ok()) {
    std::fprintf(stderr, "MockHost::NewRecord: %s\n", status.ToString().c_str());
    std::abort();
  }
  return record;
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
  skipped_[record] = reason;
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
