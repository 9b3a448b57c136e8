// The options that every decoding stage has, in the same words: what ends a sequence and how a token is drawn.
#pragma once

#include <retort/sdk.h>

#include <string>
#include <vector>

#include "plugins/shared/advice.h"

namespace retort_stages {

struct DecodingOptions {
  retort::sdk::Model model;
  retort::sdk::Sampling sampling;
  std::vector<std::string> stop;
  int32_t max_tokens = 0;
  bool ignore_eos = false;

  retort::sdk::Limits limits() const { return {max_tokens, stop, ignore_eos}; }

  static retort::sdk::StageSpec& AddTo(retort::sdk::StageSpec& spec) {
    using retort::sdk::OptionSpec;
    return spec.Option(OptionSpec::Model("model").Text("The model that writes the text.").Example("target"))
        .Option(
            OptionSpec::Int("max_tokens")
                .Text("Tokens generated for a record at most; fewer where the context ends. 0 gives empty completions.")
                .Unit("tokens")
                .Range(0, 1 << 24)
                .Default(256)
                .Example("64"))
        .Option(
            OptionSpec::Float("temperature")
                .Text("Divides the logits: 0 takes the most likely token, 1 samples from the model's own distribution.")
                .Range(0, 100)
                .Default(0)
                .Example("0.7"))
        .Option(OptionSpec::Int("top_k")
                    .Text("Sample among the k most likely tokens; 0 = all.")
                    .Unit("tokens")
                    .Range(0, 1 << 24)
                    .Default(0)
                    .Example("40"))
        .Option(OptionSpec::Float("top_p")
                    .Text("Sample among the smallest set of the most likely tokens with at least this mass; 1 = all.")
                    .Range(1e-6, 1)
                    .Default(1)
                    .Example("0.9"))
        .Option(OptionSpec::Float("min_p")
                    .Text("Leave out tokens less likely than this times the most likely one; 0 = none.")
                    .Range(0, 1)
                    .Default(0)
                    .Example("0.05"))
        .Option(
            OptionSpec::Float("repetition_penalty")
                .Text("Divides the positive logits of tokens seen before and multiplies the negative ones; 1 = none.")
                .Range(0.01, 100)
                .Default(1)
                .Example("1.1"))
        .Option(OptionSpec::Int("repetition_window")
                    .Text("Tokens that repetition_penalty looks back at, the prompt included; -1 = all.")
                    .Unit("tokens")
                    .Range(-1, 1 << 24)
                    .Default(-1)
                    .Example("64"))
        .Option(OptionSpec::List("stop")
                    .Text("Texts that end the completion; they are left out of it.")
                    .Default({})
                    .Example("['###', 'User:']"))
        .Option(OptionSpec::Bool("ignore_eos")
                    .Text("Go on past the model's end token (for measurements).")
                    .Default(false)
                    .Example("true"));
  }

  static DecodingOptions From(const retort::sdk::Config& config) {
    DecodingOptions options;
    options.model = config.Model("model");
    options.max_tokens = static_cast<int32_t>(config.Int("max_tokens"));
    options.sampling.temperature = config.Float("temperature");
    options.sampling.top_k = static_cast<int32_t>(config.Int("top_k"));
    options.sampling.top_p = config.Float("top_p");
    options.sampling.min_p = config.Float("min_p");
    options.sampling.repetition_penalty = config.Float("repetition_penalty");
    options.sampling.repetition_window = static_cast<int32_t>(config.Int("repetition_window"));
    options.stop = config.List("stop");
    options.ignore_eos = config.Bool("ignore_eos");
    return options;
  }
};

/// Settings that change no text beside the others.
inline void AddDecodingRemarks(const retort::sdk::Config& config, Remarks& remarks) {
  const std::string own = " (unless a record's own `sampling` says otherwise)";
  if (config.Float("temperature") == 0) {
    for (const char* const option : {"top_k", "top_p", "min_p"}) {
      remarks.push_back({option,
                         "`" + std::string(option) +
                             "` does not change the text: at temperature 0 the most likely token is taken" + own,
                         "", "temperature"});
    }
  }
  if (config.Float("repetition_penalty") == 1) {
    NotUsed({"repetition_window"}, "repetition_penalty",
            "it says how far `repetition_penalty` looks back, which is 1: none" + own, remarks);
  }
}

/// Give a record whose sequence has ended its completion and send it out by `port`.
inline retort::Status FinishRecord(retort::sdk::Context& context, const retort::sdk::Record& record, uint32_t port) {
  const retort::Status status = record.FinishSequence();
  return status.ok() ? context.Emit(port, record) : context.Fail(record, status);
}

/// Count what a new record's prompt shares with earlier ones: its keys and values are there already.
inline void CountReuse(retort::sdk::Context& context, const retort::sdk::SequenceView& sequence,
                       const retort::sdk::Kv& kv) {
  if (sequence.generated().empty() && kv.Length() > 0) {
    context.Count("prompt_tokens_reused", static_cast<double>(kv.Length()));
  }
}

}  // namespace retort_stages
