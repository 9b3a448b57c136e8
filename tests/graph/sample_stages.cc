#include "tests/graph/sample_stages.h"

#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"

namespace retort::testing {
namespace {

OptionSpec Option(retort_option_type type, std::string name, std::string default_value) {
  OptionSpec spec;
  spec.type = type;
  spec.name = std::move(name);
  spec.text = "An option of the tests.";
  spec.default_value = std::move(default_value);
  return spec;
}

OptionSpec Required(retort_option_type type, std::string name) {
  OptionSpec spec = Option(type, std::move(name), "");
  spec.required = true;
  return spec;
}

OptionSpec Range(OptionSpec spec, double minimum, double maximum, std::string unit) {
  spec.minimum = minimum;
  spec.maximum = maximum;
  spec.unit = std::move(unit);
  return spec;
}

OptionSpec Choices(OptionSpec spec, std::vector<std::string> choices) {
  spec.choices = std::move(choices);
  return spec;
}

StageDescriptor Stage(std::string name, std::vector<PortSpec> inputs, std::vector<PortSpec> outputs,
                      std::vector<OptionSpec> options) {
  StageDescriptor stage;
  stage.name = std::move(name);
  stage.summary = "A stage of the tests";
  stage.inputs = std::move(inputs);
  stage.outputs = std::move(outputs);
  stage.options = std::move(options);
  stage.plugin_path = "tests";
  return stage;
}

}  // namespace

Registry MakeSampleRegistry() {
  const PortSpec records{"records", "record", "", false}, sequences{"sequences", "sequence", "", false};
  const PortSpec drafts{"drafts", "draft:point-mass", "", false};
  std::vector<StageDescriptor> stages;
  stages.push_back(Stage("read-jsonl", {}, {records}, {Required(RETORT_OPTION_PATH, "path")}));
  stages.push_back(Stage("prompt", {records}, {sequences}, {Required(RETORT_OPTION_MODEL, "model")}));
  stages.push_back(Stage("draft", {sequences}, {drafts},
                         {Choices(Option(RETORT_OPTION_ENUM, "drafter", "prompt-lookup"), {"prompt-lookup", "ngram"}),
                          Range(Option(RETORT_OPTION_INT, "max_tokens", "8"), 1, 64, "tokens")}));
  stages.push_back(Stage(
      "verify", {drafts}, {{"continue", "sequence", "", false}, {"done", "sequence", "", false}},
      {Required(RETORT_OPTION_MODEL, "model"), Range(Option(RETORT_OPTION_FLOAT, "temperature", "0"), 0, 2, ""),
       Option(RETORT_OPTION_STRING_LIST, "stop", "[\"\\n\"]"), Option(RETORT_OPTION_BOOL, "ignore_eos", "false")}));
  stages.push_back(Stage("write-jsonl", {records}, {}, {Required(RETORT_OPTION_PATH, "path")}));
  stages.push_back(Stage("pick", {records},
                         {{"kept", "record", "", false}, {"left", "record", "", true}, {"scores", "score", "", true}},
                         {}));
  stages[1].functions.runs_model = [](void*, const retort_config*, retort_string, int32_t* runs) -> retort_code {
    *runs = 0;
    return RETORT_OK;
  };
  stages[2].functions.advise = [](void*, const retort_config* config, uint32_t index,
                                  retort_advice* advice) -> retort_code {
    const auto& values = config->values.values;
    if (std::get<std::string>(values.at("drafter")) != "ngram" || index > 1) return RETORT_END;
    advice->option = ToAbi(index == 0 ? "drafter" : "max_tokens");
    advice->message = ToAbi(index == 0 ? "the counts of `ngram` begin at nothing" : "`ngram` drafts less");
    if (index == 0) advice->value = ToAbi("prompt-lookup");
    return RETORT_OK;
  };
  stages[1].flags = RETORT_STAGE_CONCURRENT;
  stages[1].default_max_batch = 32;
  stages[4].flags = RETORT_STAGE_ORDERED | RETORT_STAGE_BLOCKING;
  Registry registry;
  if (const Status added = registry.Add(std::move(stages)); !added.ok()) std::abort();
  return registry;
}

}  // namespace retort::testing
