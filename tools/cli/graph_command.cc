// retort graph: a pipeline's graph as a picture.
#include <memory>

#include "core/graph/drawing/svg.h"
#include "core/graph/drawing/text_formats.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct GraphArguments {
  PipelineArguments pipeline;
  std::string format, output;
};

/// The format asked for, else that of the output's ending, else SVG.
std::string FormatOf(const GraphArguments& arguments) {
  if (!arguments.format.empty()) return arguments.format;
  if (arguments.output.ends_with(".dot") || arguments.output.ends_with(".gv")) return "dot";
  return arguments.output.ends_with(".mmd") || arguments.output.ends_with(".mermaid") ? "mermaid" : "svg";
}

int DrawGraph(const GraphArguments& arguments) {
  const auto loaded = LoadOrReport(arguments.pipeline, LoadStages());
  if (!loaded) return kUsage;
  const GraphDrawing drawing = DrawPipeline(loaded->description);
  const std::string format = FormatOf(arguments);
  return PrintOrWrite(arguments.output, format == "dot"       ? DrawingDot(drawing)
                                        : format == "mermaid" ? DrawingMermaid(drawing)
                                                              : DrawingSvg(drawing));
}

}  // namespace

void AddGraphCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("graph", "Draw a pipeline's graph; nothing is executed");
  auto arguments = std::make_shared<GraphArguments>();
  AddPipelineArguments(*command, arguments->pipeline);
  command
      ->add_option("--format", arguments->format,
                   "How to draw; by default as the output's ending (.dot, .mmd) says, else svg")
      ->check(CLI::IsMember({"svg", "dot", "mermaid"}));
  command->add_option("-o,--output", arguments->output, "Write to this file instead of stdout")->type_name("FILE");
  command->footer(
      "Stages stand in columns by their longest way from a source; an edge has its port above and what it carries\n"
      "below. Edges that go back are dashed. The SVG needs nothing else and is light or dark as its reader prefers.\n"
      "Example: retort graph pipelines/speculative.yaml --output speculative.svg\n"
      "Example: retort graph pipelines/speculative.yaml --format dot | dot -Tpdf -o speculative.pdf");
  command->callback([=] { *action = [=] { return DrawGraph(*arguments); }; });
}

}  // namespace retort::cli
