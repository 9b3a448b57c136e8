#include "core/graph/drawing/drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/secrets.h"

namespace retort {
namespace {

template <typename Key>
DrawingNote NoteOf(const std::map<Key, DrawingNote>& notes, const Key& key) {
  const auto found = notes.find(key);
  if (found == notes.end()) return {};
  DrawingNote note = found->second;
  if (note.heat) note.heat = *note.heat > 0 ? std::min(*note.heat, 1.0) : 0.0;  // NaN is cold
  return note;
}

DrawnModel DrawModel(const ModelDescription& model) {
  const ModelConfig& config = model.config;
  return {Redacted(model.name),
          Redacted(fmt::format("{} on {}, weights {}, {}", config.source, config.device, config.weights,
                               config.precision == Precision::kExact ? "exact" : "fast"))};
}

DrawnStage DrawStage(const PipelineDescription& pipeline, const StageDescription& stage) {
  DrawnStage drawn{Redacted(stage.name), Redacted(stage.uses), {}, {}};
  for (size_t i = 0; i < pipeline.models.size(); ++i) {
    if (std::find(stage.models.begin(), stage.models.end(), pipeline.models[i].name) != stage.models.end())
      drawn.models.push_back(i);
  }
  return drawn;
}

DrawnEdge DrawEdge(const PipelineDescription& pipeline, const EdgeDescription& edge) {
  const StageDescription& from = pipeline.stages[edge.from];
  const bool known = from.descriptor != nullptr && edge.port < from.descriptor->outputs.size();
  return {edge.from,
          edge.to,
          edge.back,
          known ? from.descriptor->outputs[edge.port].name : "",
          edge.port < from.output_payloads.size() ? from.output_payloads[edge.port] : "",
          {}};
}

}  // namespace

GraphDrawing DrawPipeline(const PipelineDescription& pipeline, const DrawingNotes& notes) {
  GraphDrawing drawing;
  drawing.title = Redacted(pipeline.name);
  for (const ModelDescription& model : pipeline.models) drawing.models.push_back(DrawModel(model));
  for (const StageDescription& stage : pipeline.stages) {
    drawing.stages.push_back(DrawStage(pipeline, stage));
    drawing.stages.back().note = NoteOf(notes.stages, stage.name);
  }
  for (size_t i = 0; i < pipeline.edges.size(); ++i) {
    drawing.edges.push_back(DrawEdge(pipeline, pipeline.edges[i]));
    drawing.edges.back().note = NoteOf(notes.edges, i);
  }
  return drawing;
}

}  // namespace retort
