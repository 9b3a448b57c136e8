// The options that say how a draft is accepted.
#pragma once

#include <retort/sdk.h>

#include <initializer_list>
#include <string>

#include "plugins/shared/advice.h"

namespace retort_stages {

inline retort::sdk::StageSpec& AddAcceptanceOptions(retort::sdk::StageSpec& spec) {
  using retort::sdk::OptionSpec;
  return spec
      .Option(OptionSpec::Enum("rule", {"lossless", "greedy", "lenient", "typical", "threshold"})
                  .Text("How a draft is accepted: `lossless` at any temperature, `greedy` at temperature 0; the others "
                        "accept more and change the text.")
                  .Default("lossless")
                  .Example("greedy"))
      .Option(OptionSpec::Bool("block")
                  .Text("Decide a drawn chain as a whole, which accepts no less; for `rule: lossless`.")
                  .Default(false)
                  .Example("true"))
      .Option(
          OptionSpec::Float("lenience")
              .Text("The dial of `rule: lenient`: a token is accepted with min(1, p / (lenience * q)). 1 is lossless.")
              .Range(1e-6, 1)
              .Default(0.5)
              .Example("0.8"))
      .Option(OptionSpec::Float("typical_epsilon")
                  .Text("`rule: typical` accepts p > min(typical_epsilon, typical_delta * exp(-entropy of p)).")
                  .Range(0, 1)
                  .Default(0.09)
                  .Example("0.05"))
      .Option(OptionSpec::Float("typical_delta").Text("See typical_epsilon.").Range(0, 1).Default(0.3).Example("0.2"))
      .Option(OptionSpec::Float("threshold")
                  .Text("`rule: threshold` accepts tokens that are at least this likely at threshold_temperature.")
                  .Range(0, 1)
                  .Default(0.1)
                  .Example("0.05"))
      .Option(OptionSpec::Float("threshold_temperature")
                  .Text("The temperature at which `rule: threshold` looks at the target.")
                  .Range(0.01, 100)
                  .Default(0.6)
                  .Example("1"));
}

inline retort::sdk::Acceptance AcceptanceFrom(const retort::sdk::Config& config) {
  using retort::sdk::Rule;
  const std::string rule = config.String("rule");
  return {.rule = rule == "greedy"      ? Rule::kGreedy
                  : rule == "lenient"   ? Rule::kLenient
                  : rule == "typical"   ? Rule::kTypical
                  : rule == "threshold" ? Rule::kThreshold
                                        : Rule::kLossless,
          .block = config.Bool("block"),
          .lenience = config.Float("lenience"),
          .typical_epsilon = config.Float("typical_epsilon"),
          .typical_delta = config.Float("typical_delta"),
          .threshold = config.Float("threshold"),
          .threshold_temperature = config.Float("threshold_temperature")};
}

/// What is wrong with values that are all right each for itself.
inline retort::Status CheckAcceptance(const retort::sdk::Config& config) {
  const double temperature = config.Float("temperature");
  const std::string rule = config.String("rule");
  if (rule == "greedy" && temperature != 0) {
    return retort::InvalidArgument("rule greedy needs temperature 0, got " + std::to_string(temperature) +
                                   "; use rule: lossless to sample");
  }
  if (config.Bool("block") && rule != "lossless") {
    return retort::InvalidArgument("block: expected rule: lossless beside it, got rule: " + rule + "; leave block out");
  }
  return {};
}

/// That a rule is not exact, and dials of other rules.
inline void AddAcceptanceRemarks(const retort::sdk::Config& config, Remarks& remarks) {
  const std::string rule = config.String("rule");
  const bool lenient = rule == "lenient", typical = rule == "typical", threshold = rule == "threshold";
  const bool greedy = config.Float("temperature") == 0;
  if (lenient && config.Float("lenience") == 1) {
    remarks.push_back({"rule", "`rule: lenient` with `lenience: 1` is `rule: lossless`", "lossless", "lenience"});
  } else if (lenient || threshold || (typical && !greedy)) {  // at temperature 0 `typical` takes the likeliest alone
    const char* const given_up =
        greedy
            ? "tokens may stand that are not the model's likeliest (`retort run --against` a pipeline without drafts "
              "shows how often)"
            : "the text has another law than the model's own (`retort lossless` measures it)";
    remarks.push_back({"rule", "`" + rule + "` is no exact rule: " + given_up, "lossless", "rule"});
  }
  const auto other = [&](std::initializer_list<const char*> options, const char* owner) {
    if (rule != owner) NotUsed(options, "rule", "it belongs to `rule: " + std::string(owner) + "`", remarks);
  };
  other({"lenience"}, "lenient");
  other({"typical_epsilon", "typical_delta"}, "typical");
  other({"threshold", "threshold_temperature"}, "threshold");
}

}  // namespace retort_stages
