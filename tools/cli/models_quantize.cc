// retort models quantize: a model file with its matrices in another type.
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <memory>

#include "core/model/model.h"
#include "core/model/quantise_model.h"
#include "tools/cli/model_options.h"
#include "tools/cli/models_commands.h"
#include "tools/cli/output.h"
#include "tools/cli/progress_line.h"

namespace retort::cli {
namespace {

struct QuantizeArguments {
  std::string source, output;
  std::string type, output_type, embedding_type;
  QuantiseOptions options;
};

std::atomic<bool> g_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler may set it

std::vector<std::string> TypeNames() {
  std::vector<std::string> names = WeightChoices();
  std::erase(names, "native");
  return names;
}

/// The names are checked when the command line is read.
Status ReadTypes(QuantizeArguments* arguments) {
  RETORT_ASSIGN_OR_RETURN(arguments->options.type, DTypeFromName(arguments->type));
  if (!arguments->output_type.empty()) {
    RETORT_ASSIGN_OR_RETURN(arguments->options.output_type, DTypeFromName(arguments->output_type));
  }
  if (!arguments->embedding_type.empty()) {
    RETORT_ASSIGN_OR_RETURN(arguments->options.embedding_type, DTypeFromName(arguments->embedding_type));
  }
  return {};
}

std::string ReportText(const QuantizeArguments& arguments, const GgufFile& file, const QuantiseReport& report) {
  std::string text = fmt::format("{}: {:.1f} MB, from {:.1f} MB; {} matrices converted, {} had their type already\n",
                                 arguments.output, static_cast<double>(report.bytes) / 1e6,
                                 static_cast<double>(file.size()) / 1e6, report.converted, report.unchanged);
  if (!report.kept.empty()) {
    text += fmt::format(
        "{} matrices kept the type they had, since their rows do not divide into the blocks of the new one: {}{}\n",
        report.kept.size(), report.kept.front(), report.kept.size() > 1 ? " and others" : "");
  }
  return text;
}

Status Quantize(QuantizeArguments* arguments) {
  RETORT_RETURN_IF_ERROR(ReadTypes(arguments));
  RETORT_ASSIGN_OR_RETURN(const std::string path, ResolveModelSource(arguments->source));
  RETORT_ASSIGN_OR_RETURN(const auto file, GgufFile::Open(path));
  std::signal(SIGINT, [](int) { g_interrupted = true; });
  std::signal(SIGTERM, [](int) { g_interrupted = true; });
  QuantiseReport report;
  {
    ProgressLine line;
    arguments->options.progress = [&](size_t done, size_t whole) {
      if (line.Due()) line.Show(fmt::format("{:.1f} of {:.1f} MB written", done / 1e6, whole / 1e6));
      return !g_interrupted;
    };
    RETORT_ASSIGN_OR_RETURN(report, QuantiseModel(*file, arguments->output, arguments->options));
  }
  Print(ReportText(*arguments, *file, report));
  return {};
}

}  // namespace

void AddModelsQuantize(CLI::App& models, Action* action) {
  CLI::App* command = models.add_subcommand("quantize", "Write a model file anew with its matrices in another type");
  auto arguments = std::make_shared<QuantizeArguments>();
  const auto type = CLI::IsMember(TypeNames());
  command->add_option("model", arguments->source, "A GGUF file, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  command->add_option("--type", arguments->type, "Of the matrices")->required()->check(type);
  command->add_option("--output", arguments->output, "The file to write")->required()->type_name("FILE");
  command->add_option("--output-type", arguments->output_type, "Of the output matrix")->check(type);
  command->add_option("--embedding-type", arguments->embedding_type, "Of the embedding")->check(type);
  AddThreads(*command, &arguments->options.threads);
  command->add_flag("--force", arguments->options.replace, "Replace the file where there is one of this name");
  command->footer(
      "Vectors become f32; a matrix whose rows do not divide into the type's blocks keeps its own type. Quantise from "
      "a\n"
      "file in f32, f16 or bf16 where there is one: rounding twice costs twice.\n"
      "Example: retort models quantize smollm2-135m-instruct --type q8_0 --output smollm2-q8_0.gguf");
  command->callback([=] {
    *action = [=] {
      const Status status = Quantize(arguments.get());
      if (!status.ok()) PrintStatus(status);
      return ExitCodeOf(status);
    };
  });
}

}  // namespace retort::cli
