// How two pipelines differ in what they mean: after variables and defaults, whatever the files look like.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/graph/pipeline.h"

namespace retort {

/// A value in one of the pipelines.
struct DiffSide {
  nlohmann::ordered_json value;
  bool is_default = false;  // nothing is written; `place` is then that of the stage, model, or nothing
  Place place;
};

enum class DiffKind { kAdded, kRemoved, kRenamed, kChanged };
/// "added", "removed", "renamed", "changed".
std::string_view DiffKindName(DiffKind kind);

struct Difference {
  DiffKind kind = DiffKind::kChanged;
  std::string of;  // "pipeline", "engine", "model", "stage" or "edge"
  std::string
      name;  // of the model, stage or edge (`stage.port`): in the second pipeline, of what was removed in the first
  std::string key;                        // what changed of it; empty where it was added, removed or renamed as a whole
  std::optional<DiffSide> before, after;  // at least one
};

/// Differences by section: the pipeline's name, engine, models, stages, edges; empty where both mean the same.
/// Both pipelines must be without faults. A stage that has another name but the same `uses` and the same neighbours
/// counts as renamed; so does a model with the same settings. What a renamed thing is called elsewhere is no
/// difference.
std::vector<Difference> DiffPipelines(const PipelineDescription& before, const PipelineDescription& after);

/// A line for each difference, beginning with `+`, `-`, `~` or `>`, and an indented one with its places.
std::string DiffText(const std::vector<Difference>& differences, const std::string& before_file,
                     const std::string& after_file);
/// {equal, before, after, differences: [{kind, of, name, key, before, after}]}; sides are {value, default, line,
/// column}, null where there is none.
nlohmann::ordered_json DiffJson(const std::vector<Difference>& differences, const std::string& before_file,
                                const std::string& after_file);

}  // namespace retort
