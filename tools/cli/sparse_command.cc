// retort sparse: neurons that a model can leave out of its steps.
#include <fmt/format.h>

#include <memory>

#include "core/decode/sparse_calibration.h"
#include "core/model/new_file.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress_line.h"
#include "tools/cli/prompt_records.h"
#include "tools/cli/sparse_perplexity.h"
#include "tools/cli/sparse_report.h"

namespace retort::cli {
namespace {

struct CalibrateArguments {
  ModelConfig model;
  std::string precision = "fast", prompts, out, kind = "both";
  size_t limit = 8;
  int32_t tokens = 48, trial_tokens = 32;
  double seconds = 0;  // 0: as the grid has it
  bool quick = false, json = false, force = false;
};

SparseCalibrationOptions OptionsOf(const CalibrateArguments& arguments) {
  SparseCalibrationOptions options = arguments.quick ? SparseCalibrationOptions::Quick() : SparseCalibrationOptions();
  if (arguments.kind != "both")
    options.kinds = {arguments.kind == "coarse" ? SparsityKind::kCoarse : SparsityKind::kFine};
  options.tokens = arguments.tokens;
  options.trial_tokens = arguments.trial_tokens;
  if (arguments.seconds > 0) options.seconds = arguments.seconds;
  return options;
}

Status Save(const SparseProfile& profile, const CalibrateArguments& arguments) {
  if (arguments.out.empty()) return {};
  const std::string text = SparseProfileText(profile);
  RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(arguments.out, text.size(), arguments.force));
  RETORT_RETURN_IF_ERROR(file->Append(text));
  return file->Commit();
}

Status Calibrate(const CalibrateArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(const auto model, Model::Load(arguments.model));
  // A file that cannot be written is known before the minutes of measuring.
  if (!arguments.out.empty()) RETORT_RETURN_IF_ERROR(NewFile::Create(arguments.out, 1, arguments.force).status());
  RETORT_ASSIGN_OR_RETURN(const auto prompts, arguments.prompts.empty()
                                                  ? SamplePrompts(*model)
                                                  : ReadPrompts(arguments.prompts, *model, arguments.limit));
  SparseCalibrationOptions options = OptionsOf(arguments);
  std::optional<SparseCalibration> found;
  {
    ProgressLine progress;
    options.progress = [&](const std::string& what) {
      if (progress.Due()) progress.Show(what);
    };
    RETORT_ASSIGN_OR_RETURN(found, CalibrateSparsity(*model, prompts, options));
  }
  found->profile.made_for.model = arguments.model.source;
  found->profile.weights = arguments.model.weights;
  RETORT_RETURN_IF_ERROR(Save(found->profile, arguments));
  const SparseReportNames names = {arguments.model.source, arguments.model.weights, arguments.out};
  if (arguments.json) {
    Print(SparseReportJson(*found, names).dump(2) + "\n");
    return {};
  }
  Print(SparseReportText(*found, names));
  if (!arguments.out.empty()) Print(fmt::format("{}: densities and thresholds of each layer\n", arguments.out));
  return {};
}

void AddModel(CLI::App& command, CalibrateArguments* arguments) {
  ModelConfig& model = arguments->model;
  command.add_option("--model", model.source, "A GGUF file, a folder with safetensors, or a known name")
      ->required()
      ->type_name("MODEL");
  AddArithmetic(command, &model, &arguments->precision, "Convert matrices to this type, as the pipeline will");
  command.add_option("--device", model.device, "ref or cpu")->capture_default_str();
  AddThreads(command, &model.threads);
}

void AddMeasuring(CLI::App& command, CalibrateArguments* arguments) {
  command
      .add_option("--prompts", arguments->prompts,
                  "Records with `prompt` or `messages`, a JSON object a line; without, a few that are built in")
      ->type_name("FILE");
  command.add_option("--out", arguments->out, "The profile to write")->type_name("FILE");
  command.add_option("--kind", arguments->kind, "coarse: neurons by the prompt; fine: by each token; or both")
      ->check(CLI::IsMember({"coarse", "fine", "both"}))
      ->capture_default_str();
  command.add_option("--limit", arguments->limit, "Prompts taken, spread over the file")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  command.add_option("--tokens", arguments->tokens, "Tokens that the model writes for each")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  command.add_option("--trial-tokens", arguments->trial_tokens, "Tokens that a setting decodes of each text")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  command.add_option("--seconds", arguments->seconds, "Measuring ends about then; 0: 300, with --quick 60")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command.add_flag("--quick", arguments->quick, "Fewer densities, periods and thresholds");
  command.add_flag("--json", arguments->json, "As JSON");
  command.add_flag("--force", arguments->force, "Replace an older file of this name");
}

void AddCalibrate(CLI::App& sparse, Action* action) {
  CLI::App* command = sparse.add_subcommand(
      "calibrate", "Find the best way to decode with some of a model's neurons and correct that with all");
  auto arguments = std::make_shared<CalibrateArguments>();
  AddModel(*command, arguments.get());
  AddMeasuring(*command, arguments.get());
  command->footer(
      "The model answers the prompts at temperature 0. Over these texts each layer alone is made sparse, which gives\n"
      "its sensitivity, and the magnitudes of its gates, which give thresholds. Then the loop of Sirius decodes them\n"
      "with each setting: n - 1 tokens by some neurons, a step of the whole model over n, which keeps the leading\n"
      "ones that it finds likely enough (threshold) or would write itself (lossless) and adds one. The slower half is\n"
      "left behind after each text.\n"
      "AAL: tokens kept of a period. effective: parameters read for a token kept, over plain decoding's. agreement:\n"
      "share of kept tokens that the whole model would write itself. speed: tokens a second over plain decoding's;\n"
      "+-: its standard error. A setting pays where it is faster by two of these.\n"
      "Nothing else should run meanwhile. See Zhou et al., Sirius, arXiv 2409.03856.\n"
      "Example: retort sparse calibrate --model smollm2-135m-instruct --weights q4_1 --out sparse.json");
  command->callback([=] {
    arguments->model.precision = PrecisionOf(arguments->precision);
    *action = [=] {
      const Status status = Calibrate(*arguments);
      if (!status.ok()) PrintStatus(status);
      return ExitCodeOf(status);
    };
  });
}

}  // namespace

void AddSparseCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("sparse", "Neurons that a model can leave out of its steps");
  command->require_subcommand(1);
  command->footer("Example: retort sparse calibrate --model smollm2-135m-instruct --weights q4_1 --out sparse.json");
  AddCalibrate(*command, action);
  AddSparsePerplexity(*command, action);
}

}  // namespace retort::cli
