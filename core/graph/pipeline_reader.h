// The passes that turn a YAML tree into a PipelineDescription; used by LoadPipeline alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"

namespace retort {

// Far above any real pipeline; they bound what a hostile file can cost.
inline constexpr size_t kMaxVariables = 256, kMaxStages = 1000, kMaxEdges = 4000, kMaxTests = 1000;

/// An output that an edge means but does not name rightly.
inline constexpr uint32_t kUnknownPort = UINT32_MAX;

class PipelineReader {
 public:
  PipelineReader(const SourceText& source, const Registry& registry, const LoadOptions& options,
                 Diagnostics& diagnostics);
  PipelineDescription Read(const YamlNode& root);

 private:
  /// One end of an edge as written.
  struct End {
    std::string stage, port;  // port "" = not named
    Place place, port_place;
  };
  struct Written {
    End from, to;
    bool back = false;
    Place place;
  };

  // pipeline_reader.cc: the sections
  const YamlNode* Section(const YamlNode& root, const std::string& key, YamlNode::Kind kind, size_t limit,
                          bool required);
  void ReportUnknownKeys(const YamlNode& map, const std::string& owner, const std::vector<std::string>& known);
  void ReadVersion(const YamlNode& root);
  void ReadEngine(const YamlNode* section);
  void ReadModels(const YamlNode& section);

  // pipeline_stages.cc
  void ReadStages(const YamlNode& section);
  void ReadStageOrInstance(const YamlEntry& entry, size_t nesting);
  void ReadStage(const YamlEntry& entry);
  void CheckStageName(const YamlEntry& entry);
  /// Which models the stage runs; under its options where these are `complete`.
  void ReadRunModels(const std::string& owner, bool complete, StageDescription& stage);
  /// What the stage's ports carry; likewise.
  void ReadPayloads(const std::string& owner, bool complete, StageDescription& stage);
  /// What the stage remarks on its options, which stand in `with`.
  void ReadAdvice(const std::string& owner, const YamlNode& with, const StageDescription& stage);
  void ReadStageKeys(const YamlEntry& entry, const std::string& owner, StageDescription& stage);
  void ReadModelNames(const OptionValues& options, const std::string& owner, StageDescription& stage);
  const StageDescriptor* ReadUses(const YamlEntry& entry, const std::string& owner, StageDescription& stage);

  // pipeline_templates.cc
  /// A stage that stands for those of a template.
  struct Instance {
    std::optional<End> input;
    std::map<std::string, End> outputs;
    bool unclear = false;  // it could not be read, and that is reported
  };
  void ReadTemplates(const YamlNode& section);
  void ReadInstance(const YamlEntry& entry, size_t nesting);
  void ReportTooLarge(Place place);
  using Arguments = std::map<std::string, YamlNodePtr>;  // by parameter
  /// nullopt where one is missing, after reporting.
  std::optional<Arguments> ReadArguments(const YamlEntry& entry, const YamlNode& definition);
  void Expand(const std::string& prefix, const YamlNode& definition, const Arguments& arguments, size_t nesting,
              Instance& instance);
  /// Lead an end that names an instance to the stage inside; false after reporting that there is none.
  bool Redirect(End& end, bool output);

  // pipeline_edges.cc: edges, and the ports that they join
  void ReadEdges(const YamlNode& section);
  std::optional<Written> ReadEdge(const YamlNode& node);
  std::optional<Written> ReadEdgeText(const YamlNode& node);
  std::optional<Written> ReadEdgeMap(const YamlNode& node);
  End SplitEnd(const YamlNode& node, const std::string& text, size_t begin, size_t end) const;
  void Resolve(Written edge);
  std::optional<size_t> ResolveStage(const End& end);
  uint32_t ResolveOutput(const End& end, size_t stage);
  void CheckInput(const End& end, size_t stage);
  void CheckPayload(const Written& written, const EdgeDescription& edge);
  void CheckPorts();

  const SourceText& source_;
  const Registry& registry_;
  Diagnostics& diagnostics_;
  Variables variables_;
  OptionReader options_;
  const std::vector<std::string>& profiles_;
  const std::string template_;  // whose test is read; "" for those of the pipeline
  const bool laid_over_;
  const bool advice_;
  PipelineDescription pipeline_;
  struct ScopedEdge {
    std::string prefix;  // before the names of its stages
    YamlNodePtr edge;
  };
  std::map<std::string, const YamlNode*> templates_;
  std::map<std::string, Instance> instances_;
  std::vector<YamlNodePtr> bound_;  // what was made of templates' stages, kept for their places
  std::vector<ScopedEdge> scoped_edges_;
  size_t budget_ = kMaxYamlNodes;  // of values that templates may make
  bool edges_unclear_ = false;  // an edge could not be read, or names no stage: say nothing about what is not connected
};

/// Cycles, reachability, sources: what only the whole graph shows. `edges_unclear`: some edge could not be read, so
/// missing connections are not reported.
void CheckGraph(const PipelineDescription& pipeline, bool edges_unclear, Diagnostics& diagnostics);

}  // namespace retort
