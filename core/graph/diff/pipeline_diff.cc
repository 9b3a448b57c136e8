#include "core/graph/diff/pipeline_diff.h"

#include <algorithm>
#include <set>

#include "core/graph/diff/pairs.h"
#include "core/graph/pipeline_keys.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
using Values = std::map<std::string, DiffSide>;

Json ValueJson(const OptionValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

/// The values of a section; those that are not written are at `place`.
Values ValuesOf(const std::map<std::string, OptionValue>& values, const std::map<std::string, Place>& places,
                Place place) {
  Values out;
  for (const auto& [name, value] : values) {
    const auto written = places.find(name);
    out[name] = {ValueJson(value), written == places.end(), written == places.end() ? place : written->second};
  }
  return out;
}

/// The engine's values; where failed records go is one value, in whichever way it is written.
Values EngineValues(const PipelineDescription& pipeline) {
  const OptionValues& settings = pipeline.engine_settings;
  Values out = ValuesOf(settings.values, settings.places, {});
  DiffSide& letters = out["dead_letter"];
  const DiffSide& beside = out["dead_letter_beside"];
  if (letters.value == "" && !beside.is_default) letters = beside;
  letters.value = pipeline.engine.dead_letter_path;
  out.erase("dead_letter_beside");
  return out;
}

/// The engine's keys of a stage as they come out: 0 and `auto` stand for what the stage says of itself.
Values StageKeyValues(const StageDescription& stage) {
  Values out = ValuesOf(stage.settings.values, stage.settings.places, stage.place);
  out["max_batch"].value = stage.max_batch;
  out["concurrency"].value = stage.concurrent ? 0 : 1;
  out["order"].value = stage.ordered ? "input" : "completion";
  return out;
}

class Diff {
 public:
  Diff(const PipelineDescription& before, const PipelineDescription& after)
      : before_(before), after_(after), models_(PairModels(before, after)), stages_(PairStages(before, after)) {}

  std::vector<Difference> Find() {
    if (before_.name != after_.name) {
      out_.push_back({DiffKind::kChanged, "pipeline", "", "name", DiffSide{before_.name, false, before_.name_place},
                      DiffSide{after_.name, false, after_.name_place}});
    }
    CompareValues("engine", "", EngineValues(before_), EngineValues(after_), true);
    CompareThings("model", before_.models, after_.models, models_,
                  [](const ModelDescription& model) { return model.config.source; });
    CompareThings("stage", before_.stages, after_.stages, stages_,
                  [](const StageDescription& stage) { return stage.uses; });
    CompareEdges();
    return std::move(out_);
  }

 private:
  /// Values on one side only, and defaults of other stages than before, count only where they are written.
  void CompareValues(const std::string& of, const std::string& name, const Values& before, const Values& after,
                     bool defaults) {
    std::set<std::string> keys;
    for (const Values* values : {&before, &after}) {
      for (const auto& [key, side] : *values) keys.insert(key);
    }
    for (const std::string& key : keys) {
      const auto a = before.find(key), b = after.find(key);
      Difference difference{DiffKind::kChanged, of, name, key, {}, {}};
      if (a != before.end()) difference.before = a->second;
      if (b != after.end()) difference.after = b->second;
      const bool both = difference.before && difference.after;
      const bool written =
          (difference.before && !difference.before->is_default) || (difference.after && !difference.after->is_default);
      if (both ? difference.before->value == difference.after->value || (!defaults && !written) : !written) continue;
      out_.push_back(std::move(difference));
    }
  }

  template <typename Thing, typename Text>
  void CompareThings(const std::string& of, const std::vector<Thing>& before, const std::vector<Thing>& after,
                     const Pairs& pairs, Text text) {
    for (size_t i = 0; i < before.size(); ++i) {
      if (pairs.after_of_before[i] == kNoPair)
        out_.push_back(
            {DiffKind::kRemoved, of, before[i].name, "", DiffSide{text(before[i]), false, before[i].place}, {}});
    }
    for (size_t i = 0; i < after.size(); ++i) {
      const size_t pair = pairs.before_of_after[i];
      if (pair == kNoPair) {
        out_.push_back({DiffKind::kAdded, of, after[i].name, "", {}, DiffSide{text(after[i]), false, after[i].place}});
        continue;
      }
      if (before[pair].name != after[i].name) {
        out_.push_back({DiffKind::kRenamed, of, after[i].name, "",
                        DiffSide{before[pair].name, false, before[pair].place},
                        DiffSide{after[i].name, false, after[i].place}});
      }
      Compare(before[pair], after[i]);
    }
  }

  void Compare(const ModelDescription& before, const ModelDescription& after) {
    CompareValues("model", after.name, ValuesOf(before.settings.values, before.settings.places, before.place),
                  ValuesOf(after.settings.values, after.settings.places, after.place), true);
  }

  void Compare(const StageDescription& before, const StageDescription& after) {
    const bool same = before.uses == after.uses;
    if (!same) {
      out_.push_back({DiffKind::kChanged, "stage", after.name, "uses", DiffSide{before.uses, false, before.uses_place},
                      DiffSide{after.uses, false, after.uses_place}});
    }
    Values values = ValuesOf(before.values, before.value_places, before.place);
    for (auto& [name, side] : values) FollowModel(before, name, side);
    CompareValues("stage", after.name, values, ValuesOf(after.values, after.value_places, after.place), same);
    CompareValues("stage", after.name, StageKeyValues(before), StageKeyValues(after), same);
  }

  /// Give the model that an option of the first pipeline names the name that it has in the second.
  void FollowModel(const StageDescription& stage, const std::string& option, DiffSide& side) const {
    const OptionSpec* spec = stage.descriptor->FindOption(option);
    if (spec == nullptr || spec->type != RETORT_OPTION_MODEL) return;
    for (size_t i = 0; i < before_.models.size(); ++i) {
      const size_t pair = models_.after_of_before[i];
      if (side.value == before_.models[i].name && pair != kNoPair) {
        side.value = after_.models[pair].name;
        return;
      }
    }
  }

  /// A stage of the first pipeline under its name in the second.
  std::string Renamed(size_t stage) const {
    const size_t pair = stages_.after_of_before[stage];
    return pair == kNoPair ? before_.stages[stage].name : after_.stages[pair].name;
  }

  /// One output has one edge: it is what an edge is known by.
  void CompareEdges() {
    std::map<std::string, DiffSide> before, after;
    const auto side = [](const EdgeDescription& edge, const std::string& to) {
      return DiffSide{to + (edge.back ? " (back)" : ""), false, edge.place};
    };
    for (const EdgeDescription& edge : before_.edges)
      before[Renamed(edge.from) + "." + PortName(before_, edge)] = side(edge, Renamed(edge.to));
    for (const EdgeDescription& edge : after_.edges) {
      after[after_.stages[edge.from].name + "." + PortName(after_, edge)] = side(edge, after_.stages[edge.to].name);
    }
    for (const auto& [name, was] : before) {
      if (!after.contains(name)) out_.push_back({DiffKind::kRemoved, "edge", name, "", was, {}});
    }
    for (const auto& [name, is] : after) {
      const auto was = before.find(name);
      if (was == before.end()) {
        out_.push_back({DiffKind::kAdded, "edge", name, "", {}, is});
      } else if (was->second.value != is.value) {
        out_.push_back({DiffKind::kChanged, "edge", name, "to", was->second, is});
      }
    }
  }

  const PipelineDescription &before_, &after_;
  const Pairs models_, stages_;
  std::vector<Difference> out_;
};

}  // namespace

std::vector<Difference> DiffPipelines(const PipelineDescription& before, const PipelineDescription& after) {
  return Diff(before, after).Find();
}

}  // namespace retort
