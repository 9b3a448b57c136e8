#include "tools/cli/lossless_subject.h"

#include <algorithm>
#include <set>

namespace retort::cli {
namespace {

bool Decodes(const StageDescription& stage) {
  const OptionSpec* const model = stage.descriptor->FindOption("model");
  const OptionSpec* const tokens = stage.descriptor->FindOption("max_tokens");
  const OptionSpec* const temperature = stage.descriptor->FindOption("temperature");
  return model != nullptr && model->type == RETORT_OPTION_MODEL && tokens != nullptr &&
         tokens->type == RETORT_OPTION_INT && temperature != nullptr && temperature->type == RETORT_OPTION_FLOAT;
}

/// What the stages before give, each once.
std::string PayloadsTo(const PipelineDescription& pipeline, const StageDescription& stage) {
  std::set<std::string> payloads;
  for (const EdgeDescription& edge : pipeline.edges) {
    if (&pipeline.stages[edge.to] == &stage) payloads.insert(pipeline.stages[edge.from].output_payloads.at(edge.port));
  }
  std::string text;
  for (const std::string& payload : payloads) text += (text.empty() ? "" : ", ") + payload;
  return text;
}

}  // namespace

Result<LosslessSubject> FindSubject(const PipelineDescription& pipeline) {
  LosslessSubject subject;
  for (const StageDescription& stage : pipeline.stages) {
    if (!Decodes(stage)) continue;
    const ModelDescription* const model = pipeline.FindModel(std::get<std::string>(stage.values.at("model")));
    const double temperature = std::get<double>(stage.values.at("temperature"));
    if (subject.stage == nullptr) {
      subject = {&stage, model, temperature, PayloadsTo(pipeline, stage)};
    } else if (model != subject.target || temperature != subject.temperature) {
      return InvalidArgument("expected one model and one temperature for all stages that decode, but `" +
                             subject.stage->name + "` and `" + stage.name +
                             "` differ; test them in pipelines of "
                             "their own");
    }
  }
  if (subject.stage == nullptr || subject.target == nullptr) {
    return InvalidArgument(
        "no stage decodes: expected one with the options `model`, `max_tokens` and `temperature`, such as `verify` or "
        "`generate`");
  }
  return subject;
}

void PrepareDecoding(int64_t max_tokens, PipelineDescription* pipeline) {
  for (StageDescription& stage : pipeline->stages) {
    if (!Decodes(stage)) continue;
    auto& tokens = std::get<int64_t>(stage.values.at("max_tokens"));
    tokens = std::min(tokens, max_tokens);
    // Drafts that do not pay are to be seen too.
    if (const auto length = stage.values.find("length"); length != stage.values.end())
      length->second = std::string("fixed");
  }
}

}  // namespace retort::cli
