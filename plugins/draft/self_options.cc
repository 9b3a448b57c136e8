#include "plugins/draft/self_options.h"

#include <string>

namespace drafting {

using retort::InvalidArgument;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::ModelPart;
using retort::sdk::OptionSpec;
using retort::sdk::Sparsity;
using retort::sdk::StageSpec;

bool IsSelfDrafter(std::string_view drafter) {
  return drafter == "self-skip" || drafter == "early-exit" || drafter == "sparse";
}

StageSpec& AddSelfOptions(StageSpec& spec) {
  return spec
      .Option(OptionSpec::Path("profile")
                  .Text("For `drafter: self-skip`: the layers to leave out, as `retort skip search` found them for the "
                        "target. In place of the lists.")
                  .Optional()
                  .Example("smollm2.skip.json"))
      .Option(OptionSpec::List("skip_attention")
                  .Text("For `drafter: self-skip`: layers whose attention is left out, from 0, or ranges of them.")
                  .Default({})
                  .Example("[3, 8-11]"))
      .Option(OptionSpec::List("skip_mlp")
                  .Text("For `drafter: self-skip`: layers whose feed-forward part is left out.")
                  .Default({})
                  .Example("[3, 8-11]"))
      .Option(OptionSpec::Int("exit_layer")
                  .Text("For `drafter: early-exit`: the first so many layers draft; 0: not set.")
                  .Unit("layers")
                  .Range(0, 1 << 16)
                  .Default(0)
                  .Example("12"))
      .Option(
          OptionSpec::Enum("sparsity", {"none", "coarse", "fine"})
              .Text("For `drafter: sparse`: how its neurons are chosen. `coarse`: once for a record, those that its "
                    "prompt used most; `fine`: for every token, those whose gate lets most through.")
              .Default("none")
              .Example("coarse"))
      .Option(
          OptionSpec::Float("density")
              .Text("For `drafter: sparse`: the share of the neurons of a layer that run. 1: all, by the dense way.")
              .Range(0, 1)
              .Default(0.5)
              .Example("0.7"))
      .Option(OptionSpec::Int("dense_first")
                  .Text("For `drafter: sparse`: so many layers at the beginning run all their neurons.")
                  .Unit("layers")
                  .Range(0, 1 << 16)
                  .Default(0)
                  .Example("2"))
      .Option(OptionSpec::Int("dense_last")
                  .Text("For `drafter: sparse`: so many layers at the end run all their neurons.")
                  .Unit("layers")
                  .Range(0, 1 << 16)
                  .Default(0)
                  .Example("2"));
}

namespace {

Sparsity SparsityFrom(const std::string& name) {
  return name == "coarse" ? Sparsity::kCoarse : name == "fine" ? Sparsity::kFine : Sparsity::kNone;
}

Status CheckSparseOptions(const Config& config) {
  if (config.String("drafter") == "sparse") {
    if (config.String("sparsity") == "none")
      return InvalidArgument("sparsity: drafter: sparse needs to know how neurons are chosen: coarse or fine");
    if (config.Float("density") > 0) return {};
    return InvalidArgument("density: expected above 0, so that a neuron is left, and 1 at most, got 0");
  }
  const char* given = nullptr;
  if (config.String("sparsity") != "none") given = "sparsity";
  for (const char* const name : {"dense_first", "dense_last"}) {
    if (config.Int(name) != 0) given = name;
  }
  if (given == nullptr) return {};
  return InvalidArgument(std::string(given) + ": only drafter: sparse uses it; leave it out");
}

}  // namespace

Status CheckSelfOptions(const Config& config) {
  RETORT_RETURN_IF_ERROR(CheckSparseOptions(config));
  const std::string drafter = config.String("drafter");
  const bool profile = !config.String("profile").empty();
  const auto only = [](const std::string& option, const char* owner) {
    return InvalidArgument(option + ": only drafter: " + owner + " uses it; leave it out");
  };
  bool lists = false;
  for (const char* const name : {"skip_attention", "skip_mlp"}) {
    if (config.List(name).empty()) continue;
    lists = true;
    if (drafter != "self-skip") return only(name, "self-skip");
    if (profile) return InvalidArgument(std::string(name) + ": the profile says which layers; leave one of both out");
  }
  if (profile && drafter != "self-skip") return only("profile", "self-skip");
  if (config.Int("exit_layer") != 0 && drafter != "early-exit") return only("exit_layer", "early-exit");
  if (drafter == "self-skip" && !profile && !lists) {
    return InvalidArgument(
        "profile: drafter: self-skip needs to know the layers; expected a profile, or layers in skip_attention or "
        "skip_mlp");
  }
  if (drafter == "early-exit" && config.Int("exit_layer") == 0)
    return InvalidArgument("exit_layer: drafter: early-exit needs the number of layers that draft, 1 or more");
  return {};
}

ModelPart PartFrom(const Config& config) {
  return {.exit_layer = static_cast<int32_t>(config.Int("exit_layer")),
          .skip_attention = config.List("skip_attention"),
          .skip_mlp = config.List("skip_mlp"),
          .profile = config.String("profile"),
          .sparsity = SparsityFrom(config.String("sparsity")),
          .dense_first = static_cast<int32_t>(config.Int("dense_first")),
          .dense_last = static_cast<int32_t>(config.Int("dense_last")),
          .density = config.Float("density")};
}

}  // namespace drafting
