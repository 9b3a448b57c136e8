#include "core/plugin/plugin_stage.h"

#include <exception>
#include <utility>

#include "core/plugin/host_call.h"

namespace retort {
namespace {

/// Call into a plugin. Nothing should be thrown across the ABI; what is nevertheless becomes kInternal. The message of
/// an earlier failure is no reason of this call's.
template <typename Call>
retort_code CallPlugin(const char* function, Call&& call) {
  const auto threw = [&](const char* what) {
    return ReportCode(Internal(std::string(function) + " let an exception cross the plugin ABI: " + what));
  };
  LastHostError().clear();
  try {
    return call();
  } catch (const std::exception& e) {
    return threw(e.what());
  } catch (...) {
    return threw("one that is no std::exception");
  }
}

}  // namespace

Status CheckStageOptions(const StageDescriptor& descriptor, StageConfig config) {
  if (descriptor.functions.check == nullptr) return {};
  const retort_config handle(descriptor, std::move(config));
  return StatusOfCode(CallPlugin("check", [&] { return descriptor.functions.check(descriptor.user_data, &handle); }),
                      "check");
}

Result<std::string> PayloadUnder(const StageDescriptor& descriptor, StageConfig config, int32_t output) {
  const PortSpec& port = output < 0 ? descriptor.inputs.at(0) : descriptor.outputs.at(static_cast<size_t>(output));
  if (descriptor.functions.payload == nullptr) return port.payload;
  const retort_config handle(descriptor, std::move(config));
  retort_string payload = ToAbi(port.payload);
  const retort_code code = CallPlugin(
      "payload", [&] { return descriptor.functions.payload(descriptor.user_data, &handle, output, &payload); });
  if (code != RETORT_OK) return StatusOfCode(code, "payload");
  return std::string(ViewOf(payload));
}

Result<bool> RunsModel(const StageDescriptor& descriptor, StageConfig config, const std::string& option) {
  if (descriptor.functions.runs_model == nullptr) return true;
  const retort_config handle(descriptor, std::move(config));
  int32_t runs = 1;
  const retort_code code = CallPlugin("runs_model", [&] {
    return descriptor.functions.runs_model(descriptor.user_data, &handle, ToAbi(option), &runs);
  });
  if (code != RETORT_OK) return StatusOfCode(code, "runs_model");
  return runs != 0;
}

Result<std::vector<OptionAdvice>> AdviceOn(const StageDescriptor& descriptor, StageConfig config) {
  std::vector<OptionAdvice> all;
  if (descriptor.functions.advise == nullptr) return all;
  const retort_config handle(descriptor, std::move(config));
  for (uint32_t index = 0;; ++index) {
    const std::string remark = "advise: remark " + std::to_string(index);
    retort_advice advice = {};
    advice.size = sizeof advice;
    const retort_code code = CallPlugin(
        "advise", [&] { return descriptor.functions.advise(descriptor.user_data, &handle, index, &advice); });
    if (code == RETORT_END) return all;
    if (code != RETORT_OK) return StatusOfCode(code, "advise");
    if (index == kMostAdvice) return Internal(remark + ": expected " + std::to_string(kMostAdvice) + " at most");
    all.push_back({std::string(ViewOf(advice.option)), std::string(ViewOf(advice.message)),
                   std::string(ViewOf(advice.value)), std::string(ViewOf(advice.because))});
    if (all.back().message.empty()) return Internal(remark + " says nothing");
    for (const std::string& option : {all.back().option, all.back().because}) {
      if (!option.empty() && descriptor.FindOption(option) == nullptr)
        return Internal(remark + " is on `" + option + "`, which is no option of the stage");
    }
  }
}

PluginStage::PluginStage(const StageDescriptor& descriptor, StageConfig config)
    : descriptor_(descriptor), config_(descriptor, std::move(config)) {}

Result<std::unique_ptr<PluginStage>> PluginStage::Create(const StageDescriptor& descriptor, StageConfig config) {
  std::unique_ptr<PluginStage> stage(new PluginStage(descriptor, std::move(config)));
  const retort_code code = CallPlugin(
      "create", [&] { return descriptor.functions.create(descriptor.user_data, &stage->config_, &stage->instance_); });
  if (code != RETORT_OK) {
    stage->instance_ = nullptr;
    return stage->Named(StatusOfCode(code, "create"));
  }
  return stage;
}

PluginStage::~PluginStage() {
  if (instance_ == nullptr) return;
  CallPlugin("destroy", [&]() -> retort_code {
    descriptor_.functions.destroy(instance_);
    return RETORT_OK;
  });
}

Status PluginStage::Open() {
  if (descriptor_.functions.open == nullptr) return {};
  return Named(StatusOfCode(CallPlugin("open", [&] { return descriptor_.functions.open(instance_); }), "open"));
}

Status PluginStage::Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) {
  retort_context handle{&context};
  const bool source = descriptor_.is_source();
  const retort_code code = CallPlugin("process", [&] {
    return descriptor_.functions.process(instance_, &handle, source ? nullptr : ToHandles(records.data()),
                                         source ? want : records.size());
  });
  if (code == RETORT_OK) return {};
  if (code == RETORT_END && source) {
    *end = true;
    return {};
  }
  return StatusOfCode(code, "process");
}

Status PluginStage::Close(bool cut_short) {
  if (descriptor_.functions.close == nullptr) return {};
  const retort_code code =
      CallPlugin("close", [&] { return descriptor_.functions.close(instance_, cut_short ? 1 : 0); });
  return Named(StatusOfCode(code, "close"));
}

Status PluginStage::Named(const Status& status) const {
  return status.Annotate("stage `" + config_.values.stage_name + "` (" + descriptor_.name + ")");
}

}  // namespace retort
