// A pipeline file, checked: what `lint`, `plan` and `run` start from. The language:
// core/design/002-pipeline-language.md.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/graph/compose.h"
#include "core/graph/diagnostic.h"
#include "core/graph/engine/engine.h"
#include "core/graph/option_reader.h"
#include "core/graph/template_test.h"
#include "core/graph/testing/test_case.h"
#include "core/model/model.h"
#include "core/plugin/registry.h"

namespace retort {

struct ModelDescription {
  std::string name;
  ModelConfig config;
  Place place;
  OptionValues settings;  // of ModelKeys, as written or by default
};

struct StageDescription {
  std::string name;
  std::string uses;
  const StageDescriptor* descriptor = nullptr;  // the registry's
  std::map<std::string, OptionValue> values;  // of every option of the descriptor; MODEL options give the model's name
  std::string input_payload;                  // under these values; empty for sources
  std::vector<std::string> output_payloads;   // by output
  std::vector<std::string> models;            // names under `models:` that its options name
  std::vector<std::string> run_models;        // of these, those that it runs, not only looks at
  uint32_t max_batch = 1;
  std::chrono::microseconds linger{0};
  bool concurrent = false;
  bool ordered = false;
  bool isolated = false;                 // runs in a process of its own
  std::chrono::milliseconds timeout{0};  // of a call there; 0: none
  Place place, uses_place;
  std::map<std::string, Place> value_places;  // of the values given; others are defaults
  OptionValues settings;                      // of StageKeys, as written or by default
};

struct EdgeDescription {
  size_t from = 0, to = 0;  // indices into stages
  uint32_t port = 0;        // of `from`'s outputs
  bool back = false;
  Place place;
};

struct PipelineDescription {
  std::string name;
  Place name_place;
  std::vector<std::string> included;             // files, by the number of their places less 1
  std::map<std::string, std::string> variables;  // those that have a value
  EngineOptions engine;
  OptionValues engine_settings;  // of EngineKeys, as written or by default
  std::vector<ModelDescription> models;
  std::vector<StageDescription> stages;
  std::vector<EdgeDescription> edges;
  std::vector<TestCase> tests;

  const StageDescription* FindStage(std::string_view stage) const;
  const ModelDescription* FindModel(std::string_view model) const;
  /// `FILE:line:column` of a place; `file` is the pipeline's own.
  std::string At(const std::string& file, Place place) const;
};

struct LoadOptions {
  std::map<std::string, std::string> variables;  // `-s name=value`
  std::vector<std::string> profiles;             // laid over the file, in this order
  Overrides overrides;                           // then set, `-s stages.verify.with.temperature=0`
  /// Where the value of `-s name=value` belongs: a name with a dot is a path, any other a variable.
  std::map<std::string, std::string>& SettingsOf(const std::string& name) {
    return name.find('.') == std::string::npos ? variables : overrides;
  }
  bool allow_unset_variables = false;         // lint: a variable without a value is a warning
  bool advice = false;                        // lint: what stages remark on their options, as notes
  std::optional<TemplateTest> template_test;  // instead of the pipeline, a template with what this test needs
};

struct LoadedPipeline {
  SourceText source;
  PipelineDescription description;           // complete only if ok()
  std::vector<Diagnostic> diagnostics;       // every fault, in order of place
  std::vector<std::string> profiles;         // names under `profiles:`
  std::vector<TemplateTest> template_tests;  // of the file's own templates
  bool ok() const;
};

/// Read the text of a pipeline file; more than kMaxYamlBytes are not read. Errors: kNotFound, kInvalidArgument (a
/// directory).
Result<SourceText> ReadPipelineFile(const std::string& path);

/// Check a pipeline completely: all faults are found in one pass. Stages are looked up in `registry`, which must
/// outlive the result. Never throws.
LoadedPipeline LoadPipeline(SourceText source, const Registry& registry, const LoadOptions& options);

/// The path of each cycle, as stage indices in order of flow; the last one is followed by the first.
std::vector<std::vector<size_t>> FindCycles(const PipelineDescription& pipeline);

}  // namespace retort
