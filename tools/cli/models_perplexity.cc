// retort models perplexity: how well a model foretells a text, and what its weights or arithmetic cost.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text_file.h"
#include "core/model/perplexity.h"
#include "tools/cli/model_options.h"
#include "tools/cli/models_commands.h"
#include "tools/cli/output.h"
#include "tools/cli/progress_line.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PerplexityArguments {
  ModelConfig model;
  std::string precision = "fast";
  std::string text;
  std::string against;  // "exact", a model, or empty
  PerplexityOptions options;
  bool json = false;
};

/// The other side: the same weights in exact arithmetic, or another model as its file has it, in exact arithmetic too.
std::optional<ModelConfig> BaseConfig(const PerplexityArguments& arguments) {
  if (arguments.against.empty()) return std::nullopt;
  ModelConfig base = arguments.model;
  base.precision = Precision::kExact;
  if (arguments.against == "exact") return base;
  base.source = arguments.against;
  base.weights = "native";
  return base;
}

Json SideJson(const ModelConfig& config) {
  return {{"model", config.source},
          {"weights", config.weights},
          {"precision", config.precision == Precision::kExact ? "exact" : "fast"}};
}

void Put(Json* json, const std::string& name, const Estimate& estimate) {
  (*json)[name] = estimate.value;
  (*json)[name + "_error"] = estimate.error;
}

Json FiguresJson(const PerplexityArguments& arguments, const PerplexityFigures& figures) {
  Json json = SideJson(arguments.model);
  json["text"] = arguments.text;
  json["window"] = arguments.options.window;
  json["step_tokens"] = arguments.model.step_tokens;
  json["tokens"] = figures.tokens;
  Put(&json, "perplexity", figures.perplexity);
  if (!figures.compared) return json;
  json["against"] = SideJson(*BaseConfig(arguments));
  Put(&json["against"], "perplexity", figures.base_perplexity);
  Put(&json, "ratio", figures.ratio);
  Put(&json, "divergence", figures.divergence);
  Put(&json, "agreement", figures.agreement);
  return json;
}

std::string FiguresText(const PerplexityArguments& arguments, const PerplexityFigures& figures) {
  const auto side = [](const ModelConfig& config) {
    return fmt::format("{}, weights {}, {}", config.source, config.weights,
                       config.precision == Precision::kExact ? "exact" : "fast");
  };
  const auto line = [](const char* name, const Estimate& e, const std::string& note) {
    return fmt::format("  {:<18} {:>10.6g} +- {:<10.2g} {}\n", name, e.value, e.error, note);
  };
  std::string text = fmt::format("{} tokens of {} scored, the second halves of windows of {}\n", figures.tokens,
                                 arguments.text, arguments.options.window);
  text += line("perplexity", figures.perplexity, side(arguments.model));
  if (!figures.compared) return text;
  return text + line("against", figures.base_perplexity, side(*BaseConfig(arguments))) +
         line("ratio", figures.ratio, fmt::format("{:+.3f} %", (figures.ratio.value - 1) * 100)) +
         line("divergence", figures.divergence, "nats a token") +
         line("agreement", figures.agreement, "of the most likely token");
}

Result<PerplexityFigures> Measure(const PerplexityArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream in, OpenToRead(arguments.text, "a text file in UTF-8"));
  RETORT_ASSIGN_OR_RETURN(const auto model, Model::Load(arguments.model));
  std::shared_ptr<Model> base;
  if (const auto config = BaseConfig(arguments)) {
    RETORT_ASSIGN_OR_RETURN(base, Model::Load(*config));
  }
  TextTokens text(in, arguments.text, model->tokenizer(), base == nullptr ? nullptr : &base->tokenizer());
  ProgressLine progress;
  PerplexityOptions options = arguments.options;
  options.progress = [&](const PerplexityFigures& figures) {
    if (!progress.Due()) return;
    std::string line = fmt::format("{} tokens scored, perplexity {:.4g}", figures.tokens, figures.perplexity.value);
    if (figures.compared) line += fmt::format(", ratio {:.5f}", figures.ratio.value);
    progress.Show(line);
  };
  return MeasurePerplexity(*model, base.get(), text, options);
}

int Report(const PerplexityArguments& arguments) {
  const auto figures = Measure(arguments);
  if (!figures.ok()) {
    PrintStatus(figures.status());
    return ExitCodeOf(figures.status());
  }
  Print(arguments.json ? FiguresJson(arguments, *figures).dump(2) + "\n" : FiguresText(arguments, *figures));
  return kDone;
}

}  // namespace

void AddModelsPerplexity(CLI::App& models, Action* action) {
  CLI::App* command = models.add_subcommand(
      "perplexity", "How well a model foretells a text, alone or against exact arithmetic or another model");
  auto arguments = std::make_shared<PerplexityArguments>();
  ModelConfig& model = arguments->model;
  model.prefix_cache = 0;  // no window begins like an earlier one
  command->add_option("model", model.source, "A GGUF file, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  command->add_option("--text", arguments->text, "A text in UTF-8")->required()->type_name("FILE");
  command->add_option("--tokens", arguments->options.tokens, "Score so many tokens, in whole windows; 0 = all")
      ->capture_default_str();
  command->add_option("--window", arguments->options.window, "Tokens that are seen together")
      ->check(CLI::Range(2, 1 << 24))
      ->capture_default_str();
  AddArithmetic(*command, &model, &arguments->precision);
  command
      ->add_option("--against", arguments->against,
                   "`exact`: the same weights in exact arithmetic; or another model, as its file is, in exact "
                   "arithmetic")
      ->type_name("exact|MODEL");
  command->add_option("--step-tokens", model.step_tokens, "Tokens of one pass: narrow and wide passes differ in kernel")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--device", model.device, "ref, cpu, cuda or cuda:N")->capture_default_str();
  AddThreads(*command, &model.threads);
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "The text is cut into windows that follow each other. The second half of each is scored, every token given all\n"
      "before it in its window. Divergence is KL(other || this). Errors are standard errors, as if tokens were\n"
      "independent of each other.\n"
      "Example: retort models perplexity smollm2-135m-instruct --text book.txt --against exact");
  command->callback([=] {
    arguments->model.precision = PrecisionOf(arguments->precision);
    *action = [=] { return Report(*arguments); };
  });
}

}  // namespace retort::cli
