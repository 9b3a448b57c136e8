// What a picture of a pipeline shows, apart from places and formats: stages, edges and models as text, and what a run,
// say, adds to them. Writers: svg.h, dot.h, mermaid.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"

namespace retort {

/// An addition to one stage or edge.
struct DrawingNote {
  std::vector<std::string> lines;  // of text, under what is drawn anyway
  std::optional<double> heat;      // from 0 (cold) to 1 (hot); clamped
};

struct DrawingNotes {
  std::map<std::string, DrawingNote> stages;  // by the stage's name
  std::map<size_t, DrawingNote> edges;        // by the index in PipelineDescription::edges
};

struct DrawnStage {
  std::string name, uses;
  std::vector<size_t> models;  // indices into GraphDrawing::models
  DrawingNote note;
};

struct DrawnEdge {
  size_t from = 0, to = 0;  // indices into GraphDrawing::stages
  bool back = false;
  std::string port, payload;  // of `from`'s output; empty where the edge names none that there is
  DrawingNote note;
};

struct DrawnModel {
  std::string name;
  std::string text;  // source, device, weights, precision
};

/// All text is as it came: writers escape it.
struct GraphDrawing {
  std::string title;
  std::vector<DrawnStage> stages;
  std::vector<DrawnEdge> edges;
  std::vector<DrawnModel> models;
};

/// The drawing of a pipeline, which may have faults: what is missing is left out. So are secrets, before text is cut.
GraphDrawing DrawPipeline(const PipelineDescription& pipeline, const DrawingNotes& notes = {});

}  // namespace retort
