#include "core/graph/pipeline.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/base/text_file.h"
#include "core/graph/include.h"
#include "core/graph/pipeline_reader.h"

namespace retort {

const StageDescription* PipelineDescription::FindStage(std::string_view stage) const {
  const auto found =
      std::find_if(stages.begin(), stages.end(), [&](const StageDescription& s) { return s.name == stage; });
  return found == stages.end() ? nullptr : &*found;
}

const ModelDescription* PipelineDescription::FindModel(std::string_view model) const {
  const auto found =
      std::find_if(models.begin(), models.end(), [&](const ModelDescription& m) { return m.name == model; });
  return found == models.end() ? nullptr : &*found;
}

std::string PipelineDescription::At(const std::string& file, Place place) const {
  const std::string& in = place.file == 0 ? file : included.at(static_cast<size_t>(place.file) - 1);
  return in + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

bool LoadedPipeline::ok() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

Result<SourceText> ReadPipelineFile(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream file, OpenToRead(path, "a pipeline file (YAML)"));
  std::string text(kMaxYamlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return DataLoss(path + ": reading failed");
  text.resize(static_cast<size_t>(file.gcount()));
  return SourceText(path, std::move(text));
}

LoadedPipeline LoadPipeline(SourceText source, const Registry& registry, const LoadOptions& options) {
  LoadedPipeline loaded{std::move(source), {}, {}, {}, {}};
  Diagnostics diagnostics(loaded.source.file());
  if (const YamlNodePtr root = ParseYaml(loaded.source, diagnostics)) {
    Included included = WithIncludes(root, loaded.source, diagnostics);
    loaded.profiles = ProfileNames(*included.root);
    loaded.template_tests = TemplateTests(*included.root);
    YamlNodePtr tree = WithProfiles(included.root, options.profiles, diagnostics);
    tree = WithOverrides(tree, options.overrides, loaded.source, diagnostics);
    if (options.template_test) tree = AsPipeline(tree, *options.template_test);
    loaded.description = PipelineReader(loaded.source, registry, options, diagnostics).Read(*tree);
    loaded.description.included = std::move(included.files);
  }
  loaded.diagnostics = diagnostics.Sorted();
  // What a template leaves unused is another pipeline's matter.
  if (options.template_test)
    std::erase_if(loaded.diagnostics, [](const Diagnostic& d) { return d.severity != Severity::kError; });
  return loaded;
}

}  // namespace retort
