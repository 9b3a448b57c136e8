#include "plugins/sparse_predict/sparse_options.h"

#include <string>
#include <vector>

#include "plugins/shared/drafting/model_drafter.h"

namespace sparse_predict {

using drafting::ModelDrafterOptions;
using retort::InvalidArgument;
using retort::Result;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::Model;
using retort::sdk::ModelPart;
using retort::sdk::OptionSpec;
using retort::sdk::Sparsity;
using retort::sdk::StageSpec;

namespace {

constexpr double kScoreTemperature = 0.6;  // of a beam's scores, as in Sirius' code

void AddSparsityOptions(StageSpec& spec) {
  spec.Option(OptionSpec::Model("model")
                  .Text("The model whose neurons are left out: the one that `correct` or `verify` runs whole.")
                  .Example("target"))
      .Option(OptionSpec::Enum("sparsity", {"coarse", "fine"})
                  .Text("How neurons are chosen. `coarse`: once for a record, those that its prompt used most; `fine`: "
                        "for every token, those whose gate lets most through.")
                  .Default("fine")
                  .Example("coarse"))
      .Option(OptionSpec::Float("density")
                  .Text("The share of the neurons that run. 1: all, by the dense way.")
                  .Range(0, 1)
                  .Default(0.5)
                  .Example("0.7"))
      .Option(OptionSpec::Int("dense_first")
                  .Text("So many layers at the beginning run all their neurons.")
                  .Unit("layers")
                  .Range(0, 1 << 16)
                  .Default(0)
                  .Example("2"))
      .Option(OptionSpec::Int("dense_last")
                  .Text("So many layers at the end run all their neurons.")
                  .Unit("layers")
                  .Range(0, 1 << 16)
                  .Default(0)
                  .Example("2"))
      .Option(OptionSpec::Path("profile")
                  .Text("What `retort sparse calibrate` found out about the model: layers that bear less get more of "
                        "the neurons, `density` in the mean.")
                  .Optional()
                  .Example("smollm2.sparse.json"))
      .Option(OptionSpec::Enum("choose", {"count", "threshold"})
                  .Text("For `sparsity: fine`: the same number of neurons for every token, or those that exceed their "
                        "layer's threshold of the profile, however many that is.")
                  .Default("count")
                  .Example("threshold"))
      .Option(OptionSpec::Enum("pattern", {"each", "strict"})
                  .Text("`strict`: all tokens of a step, of all records and branches, run the same neurons, which is "
                        "faster; what a record writes then depends on those beside it.")
                  .Default("each")
                  .Example("strict"));
}

void AddDraftingOptions(StageSpec& spec) {
  spec.Option(OptionSpec::Int("kernel")
                  .Text("Tokens from one check to the next: one of the whole model, the others of the sparse one.")
                  .Unit("tokens")
                  .Range(2, 64)
                  .Default(8)
                  .Example("16"))
      .Option(OptionSpec::Int("width")
                  .Text("Continuations that are written side by side, the likeliest ones; the check keeps the longest "
                        "that stands. (kernel - 1) * width tokens are 63 at most.")
                  .Unit("branches")
                  .Range(1, 16)
                  .Default(1)
                  .Example("4"))
      .Option(OptionSpec::Enum("drafting", {"argmax", "sampled", "coupled"})
                  .Text("How the sparse model chooses a token: the most likely one, one drawn from its own "
                        "distribution, or one drawn with the chance that the whole model will draw by.")
                  .Default("argmax")
                  .Example("coupled"))
      .Option(
          OptionSpec::Float("min_confidence")
              .Text(
                  "The whole model is asked at once after a token that the sparse one gives less than this. 0: never.")
              .Range(0, 1)
              .Default(0)
              .Example("0.4"))
      .Option(OptionSpec::Enum("at_end", {"ask", "next"})
                  .Text("Only the whole model may end a text. Where the sparse one would, the whole one is asked at "
                        "once, or the next best token is taken, as the published code does.")
                  .Default("ask")
                  .Example("next"));
}

Status CheckTree(const Config& config) {
  const int64_t width = config.Int("width"), tokens = (config.Int("kernel") - 1) * width;
  const auto most = static_cast<int64_t>(retort::sdk::kMaxTreeNodes) - 1;
  if (tokens > most) {
    return InvalidArgument("width: a check takes " + std::to_string(most) +
                           " sparse tokens at most, and (kernel - 1) * width are " + std::to_string(tokens) +
                           "; expected a width up to " + std::to_string(most / (config.Int("kernel") - 1)) +
                           ", or a smaller kernel");
  }
  if (width > 1 && config.String("drafting") == "coupled")
    return InvalidArgument("drafting: coupled gives one token for each place; expected width: 1, or another drafting");
  if (width > 1 && config.Float("min_confidence") > 0)
    return InvalidArgument("min_confidence: a beam has no single next token; expected min_confidence: 0, or width: 1");
  return {};
}

ModelPart PartFrom(const Config& config) {
  return {.profile = config.String("profile"),
          .sparsity = config.String("sparsity") == "coarse" ? Sparsity::kCoarse : Sparsity::kFine,
          .dense_first = static_cast<int32_t>(config.Int("dense_first")),
          .dense_last = static_cast<int32_t>(config.Int("dense_last")),
          .density = config.Float("density"),
          .shared = config.String("pattern") == "strict",
          .thresholds = config.String("choose") == "threshold"};
}

Result<std::vector<int32_t>> EndTokens(const Model& model, int32_t count) {
  std::vector<int32_t> ends;
  for (int32_t token = 0; token < count; ++token) {
    const Result<retort::sdk::TokenText> text = model.Token(token);
    if (!text.ok()) break;  // rows of the embedding beyond the tokens
    if (text->end) ends.push_back(token);
  }
  return ends;
}

}  // namespace

StageSpec& AddOptions(StageSpec& spec) {
  AddSparsityOptions(spec);
  AddDraftingOptions(spec);
  return spec;
}

Status CheckOptions(const Config& config) {
  if (config.Float("density") <= 0)
    return InvalidArgument("density: expected above 0, so that a neuron is left, and 1 at most, got 0");
  const bool thresholds = config.String("choose") == "threshold";
  if (thresholds && config.String("sparsity") != "fine")
    return InvalidArgument("choose: threshold looks at what each token's gate lets through; expected sparsity: fine");
  if (thresholds && config.String("profile").empty()) {
    return InvalidArgument(
        "choose: threshold takes them from a profile; expected one in `profile`, as `retort sparse calibrate` writes "
        "it, or choose: count");
  }
  return CheckTree(config);
}

Result<std::unique_ptr<drafting::Drafter>> MakeDrafter(const Config& config) {
  RETORT_RETURN_IF_ERROR(CheckOptions(config));
  const Model target = config.Model("model");
  ModelDrafterOptions options;
  RETORT_ASSIGN_OR_RETURN(options.model, target.Part(PartFrom(config)));
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, target.Info());
  RETORT_ASSIGN_OR_RETURN(const retort_model_info part, options.model.Info());
  options.target_vocab = info.vocab_size;
  options.max_tokens = static_cast<size_t>(config.Int("kernel")) - 1;
  options.drafting = drafting::DraftingOf(config.String("drafting"));
  options.branches = static_cast<size_t>(config.Int("width"));
  options.nodes = options.max_tokens * options.branches;
  options.min_confidence = config.Float("min_confidence");
  options.of_target = true;
  options.density = part.density;
  options.name = "sparse " + config.String("sparsity");
  options.stage = config.StageName();
  RETORT_ASSIGN_OR_RETURN(options.never, EndTokens(target, info.vocab_size));
  options.end_after = true;
  options.ask_at_never = config.String("at_end") == "ask";
  options.beam = true;
  options.score_temperature = kScoreTemperature;
  return drafting::MakeChainOrTree(std::move(options), static_cast<size_t>(info.context_length));
}

}  // namespace sparse_predict
