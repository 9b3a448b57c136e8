#include "tools/cli/sparse_perplexity.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/text_file.h"
#include "core/model/part_density.h"
#include "core/model/sparse_perplexity.h"
#include "tools/cli/model_options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress_line.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  ModelConfig model;
  std::string precision = "fast", text, kind = "fine";
  double density = 0.5;
  int32_t dense_first = 0, dense_last = 0;
  size_t kernel = 8, tokens = 4096;
  double threshold = 0.1;
  int32_t window = 512;
  bool json = false;
};

struct Measured {
  SparsePerplexity figures;
  double density;  // of a sparse step
};

Result<Measured> Measure(const Arguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream in, OpenToRead(arguments.text, "a text file in UTF-8"));
  RETORT_ASSIGN_OR_RETURN(const auto model, Model::Load(arguments.model));
  const int32_t layers = model->hyper().layers;
  if (arguments.dense_first + arguments.dense_last >= layers) {
    return InvalidArgument("--dense-first and --dense-last: expected less than the model's " + std::to_string(layers) +
                           " layers together, got " + std::to_string(arguments.dense_first) + " and " +
                           std::to_string(arguments.dense_last));
  }
  const SparsityKind kind = arguments.kind == "coarse" ? SparsityKind::kCoarse : SparsityKind::kFine;
  SparsePerplexityOptions options(
      {LayerChoice::All(layers),
       Sparsity::Even(kind, arguments.density, arguments.dense_first, arguments.dense_last, layers)});
  options.kernel = arguments.kernel;
  options.threshold = arguments.threshold;
  options.text.window = arguments.window;
  options.text.tokens = arguments.tokens;
  RETORT_RETURN_IF_ERROR(model->Prepare(options.part));
  ProgressLine progress;
  options.progress = [&](size_t tokens) {
    if (progress.Due()) progress.Show(fmt::format("{} tokens scored", tokens));
  };
  TextTokens text(in, arguments.text, model->tokenizer(), nullptr);
  RETORT_ASSIGN_OR_RETURN(const SparsePerplexity figures, MeasureSparsePerplexity(*model, text, options));
  return Measured{figures, PartDensity(model->hyper(), options.part)};
}

std::string Text(const Arguments& arguments, const Measured& measured) {
  const SparsePerplexity& figures = measured.figures;
  const auto line = [](const char* name, const Estimate& e, const std::string& note) {
    return fmt::format("  {:<12} {:>9.5g} +- {:<9.2g} {}\n", name, e.value, e.error, note);
  };
  return fmt::format("{} tokens of {} scored\n", figures.tokens, arguments.text) +
         line("full", figures.full, "perplexity of the whole model") +
         line("sparse", figures.sparse,
              fmt::format("{} {}, density of a step {:.3f}", arguments.kind, arguments.density, measured.density)) +
         line("corrected", figures.corrected,
              fmt::format("kernel {}, threshold {}; {:.3f} of the tokens by the whole model", arguments.kernel,
                          arguments.threshold, figures.by_whole)) +
         fmt::format("  {:<12} {:>9.4g} of what the loss rose\n", "recovery", figures.recovery);
}

Json ToJson(const Arguments& arguments, const Measured& measured) {
  const SparsePerplexity& figures = measured.figures;
  Json json{{"model", arguments.model.source}, {"weights", arguments.model.weights}, {"text", arguments.text},
            {"sparsity", arguments.kind},      {"density", arguments.density},       {"step_density", measured.density},
            {"kernel", arguments.kernel},      {"threshold", arguments.threshold},   {"tokens", figures.tokens}};
  for (const auto& [name, estimate] : {std::pair("full", &figures.full), std::pair("sparse", &figures.sparse),
                                       std::pair("corrected", &figures.corrected)}) {
    json["perplexity_" + std::string(name)] = estimate->value;
    json["perplexity_" + std::string(name) + "_error"] = estimate->error;
  }
  json["by_whole"] = figures.by_whole;
  json["recovery"] = std::isnan(figures.recovery) ? Json() : Json(figures.recovery);
  return json;
}

int Run(const Arguments& arguments) {
  const auto measured = Measure(arguments);
  if (!measured.ok()) {
    PrintStatus(measured.status());
    return ExitCodeOf(measured.status());
  }
  Print(arguments.json ? ToJson(arguments, *measured).dump(2) + "\n" : Text(arguments, *measured));
  return kDone;
}

}  // namespace

void AddSparsePerplexity(CLI::App& sparse, Action* action) {
  CLI::App* command = sparse.add_subcommand(
      "perplexity", "How well a text is foretold by the whole model, a sparse part, and the part corrected");
  auto arguments = std::make_shared<Arguments>();
  ModelConfig& model = arguments->model;
  model.prefix_cache = 0;
  command->add_option("model", model.source, "A GGUF file, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  command->add_option("--text", arguments->text, "A text in UTF-8")->required()->type_name("FILE");
  command->add_option("--tokens", arguments->tokens, "Score so many tokens, in whole windows; 0 = all")
      ->capture_default_str();
  command->add_option("--window", arguments->window, "Tokens that are seen together")
      ->check(CLI::Range(2, 1 << 24))
      ->capture_default_str();
  command->add_option("--sparsity", arguments->kind, "How neurons are chosen")
      ->check(CLI::IsMember({"coarse", "fine"}))
      ->capture_default_str();
  command->add_option("--density", arguments->density, "The share of the neurons that run")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_option("--dense-first", arguments->dense_first, "Layers at the beginning that run all neurons")
      ->check(CLI::Range(0, 1 << 16))
      ->capture_default_str();
  command->add_option("--dense-last", arguments->dense_last, "Layers at the end that run all neurons")
      ->check(CLI::Range(0, 1 << 16))
      ->capture_default_str();
  command->add_option("--kernel", arguments->kernel, "Tokens from one check to the next")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  command->add_option("--threshold", arguments->threshold, "A sparse token stands from this likelihood on")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  AddArithmetic(*command, &model, &arguments->precision);
  AddThreads(*command, &model.threads);
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "The second half of each window is scored, after the whole model has run the first. Corrected: of each kernel "
      "the\n"
      "whole model foretells the first token and the part the others; where its best token is less likely than the\n"
      "threshold to the whole model, that foretells instead and the next kernel begins. recovery: of the mean losses,\n"
      "(sparse - corrected) / (sparse - full).\n"
      "Example: retort sparse perplexity smollm2-135m-instruct --text book.txt --sparsity fine --density 0.5");
  command->callback([=] {
    arguments->model.precision = PrecisionOf(arguments->precision);
    *action = [=] { return Run(*arguments); };
  });
}

}  // namespace retort::cli
