// retort skip: layers that a model can do without when it drafts for itself.
#include <fmt/format.h>

#include <memory>

#include "core/model/new_file.h"
#include "core/model/skip_profile.h"
#include "core/model/skip_search.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress_line.h"
#include "tools/cli/prompt_records.h"

namespace retort::cli {
namespace {

struct SearchArguments {
  ModelConfig model;
  std::string precision = "fast", prompts, out;
  SkipSearchOptions options;
  size_t limit = 16;
  bool always = false, force = false;
};

std::string FiguresText(const SkipFigures& figures) {
  return fmt::format("{:.3f} of plain decoding with drafts of {} ({:.2f} tokens a step, {:.3f} a drafted token)",
                     figures.speed_up, figures.draft_tokens, figures.tokens_per_step, figures.draft_cost);
}

std::string Named(const std::vector<int32_t>& layers) { return layers.empty() ? "none" : LayersText(layers); }

std::string ResultText(const SkipSearchResult& result) {
  const SkipFigures& best = result.figures;
  const SkipCosts& costs = result.costs;
  std::string text = fmt::format(
      "{} choices of layers measured, each with {} drafts over {} texts, at temperature 0 and one sequence a step\n"
      "  a step costs        {:.3f} for embedding and logits, {:.4f} for a layer's attention, {:.4f} for its "
      "feed-forward part\n"
      "  steps of 1, 2, ...  ",
      result.trials, result.blocks, result.texts, costs.base, costs.attention, costs.feed_forward);
  for (const double step : costs.steps) text += fmt::format("{:.2f} ", step);
  text += fmt::format(
      "\n  best: without       attention {}, feed-forward {}\n"
      "  speed               {}\n"
      "  accepted up to 1, 2, ... ",
      Named(result.choice.skipped_attention()), Named(result.choice.skipped_feed_forward()), FiguresText(best));
  for (const double share : best.accepted) text += fmt::format("{:.2f} ", share);
  return text + "\n";
}

Status Save(const SearchArguments& arguments, const Model& model, const SkipSearchResult& result) {
  const SkipFigures& best = result.figures;
  const std::string text = SkipProfileText({.made_for = {.model = arguments.model.source,
                                                         .fingerprint = model.Fingerprint(),
                                                         .layers = model.hyper().layers},
                                            .skip_attention = result.choice.skipped_attention(),
                                            .skip_mlp = result.choice.skipped_feed_forward(),
                                            .draft_tokens = best.draft_tokens,
                                            .tokens_per_step = best.tokens_per_step,
                                            .draft_cost = best.draft_cost,
                                            .step_cost = best.step_cost,
                                            .speed_up = best.speed_up});
  RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(arguments.out, text.size(), arguments.force));
  RETORT_RETURN_IF_ERROR(file->Append(text));
  return file->Commit();
}

Status Search(const SearchArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(const auto model, Model::Load(arguments.model));
  RETORT_ASSIGN_OR_RETURN(const auto prompts, ReadPrompts(arguments.prompts, *model, arguments.limit));
  ProgressLine progress;
  SkipSearchOptions options = arguments.options;
  options.progress = [&](int32_t trial, const LayerChoice&, const SkipFigures&, const SkipFigures& best) {
    if (progress.Due())
      progress.Show(fmt::format("choice {} of {}; best so far {}", trial, options.trials, FiguresText(best)));
  };
  RETORT_ASSIGN_OR_RETURN(const SkipSearchResult result, SearchSkips(*model, prompts, options));
  Print(ResultText(result));
  const bool pays = result.figures.speed_up > 1;
  if (!pays)
    Print("No choice of layers pays: this model decodes faster without drafting for itself on this machine.\n");
  if (!pays && !arguments.always) {
    Print(fmt::format("{} is not written; --always writes the best choice all the same.\n", arguments.out));
    return {};
  }
  RETORT_RETURN_IF_ERROR(Save(arguments, *model, result));
  Print(fmt::format("{}: for `draft: {{ drafter: self-skip, profile: {}, max_tokens: {} }}`\n", arguments.out,
                    arguments.out, result.figures.draft_tokens));
  return {};
}

void AddSearch(CLI::App& skip, Action* action) {
  CLI::App* command =
      skip.add_subcommand("search", "Find the layers that a model can best leave out when it drafts for itself");
  auto arguments = std::make_shared<SearchArguments>();
  ModelConfig& model = arguments->model;
  SkipSearchOptions& options = arguments->options;
  command->add_option("--model", model.source, "A GGUF file, a folder with safetensors, or a known name")
      ->required()
      ->type_name("MODEL");
  command->add_option("--prompts", arguments->prompts, "Records with `prompt` or `messages`, a JSON object a line")
      ->required()
      ->type_name("FILE");
  command->add_option("--out", arguments->out, "The profile to write")->required()->type_name("FILE");
  command->add_option("--limit", arguments->limit, "Prompts taken, spread over the file")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  command->add_option("--tokens", options.tokens, "Tokens that the model writes for each")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  command->add_option("--longest", options.longest, "Tokens of a draft at most")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--trials", options.trials, "Choices measured")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Of what is tried at random")->capture_default_str();
  AddArithmetic(*command, &model, &arguments->precision, "Convert matrices to this type, as the pipeline will");
  command->add_option("--device", model.device, "ref, cpu, cuda or cuda:N")->capture_default_str();
  AddThreads(*command, &model.threads);
  command->add_flag("--always", arguments->always, "Write the profile also where it does not pay");
  command->add_flag("--force", arguments->force, "Replace an older file of this name");
  command->footer(
      "The model answers the prompts at temperature 0. A choice of layers then drafts at many places of these texts, "
      "and\n"
      "what would be accepted, with the times of steps as measured here, gives its speed. First every part of every\n"
      "layer is left out alone; then the least missed ones together, one more at a time; then changes at random.\n"
      "Nothing else should run meanwhile. See Zhang et al., Draft & Verify, arXiv 2309.08168.\n"
      "Example: retort skip search --model smollm2-135m-instruct --prompts pipelines/data/prompts.jsonl --out "
      "skip.json");
  command->callback([=] {
    arguments->model.precision = PrecisionOf(arguments->precision);
    *action = [=] {
      const Status status = Search(*arguments);
      if (!status.ok()) PrintStatus(status);
      return ExitCodeOf(status);
    };
  });
}

}  // namespace

void AddSkipCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("skip", "Layers that a model can leave out when it drafts for itself");
  command->require_subcommand(1);
  command->footer(
      "Example: retort skip search --model smollm2-135m-instruct --prompts pipelines/data/prompts.jsonl --out "
      "skip.json");
  AddSearch(*command, action);
}

}  // namespace retort::cli
