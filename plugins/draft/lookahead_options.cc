#include "plugins/draft/lookahead_options.h"

#include <string>

#include "plugins/draft/lookahead_drafter.h"

namespace drafting {

using retort::InvalidArgument;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::OptionSpec;
using retort::sdk::StageSpec;

const char* const kLookaheadText =
    "`lookahead` lets the target guess for itself, without a second model (lookahead decoding, Fu et al., arXiv "
    "2402.02057). Each draft carries a window of guesses beyond the next token, `window` columns of `ngram` - 1 "
    "levels. "
    "What the target says after each column makes the window better for the next step (Jacobi iteration) and leaves an "
    "n-gram in the record's pool; up to `guesses` n-grams of the pool that begin with the text's last token are "
    "drafted. "
    "A draft has up to (`window` + `guesses`) * (`ngram` - 1) - 1 tokens, most of them never accepted: it pays where "
    "wide steps cost little more than narrow ones, and `verify` with `length: auto` leaves out what does not pay.";

namespace {

LookaheadOptions From(const Config& config) {
  return {.window = static_cast<size_t>(config.Int("window")),
          .ngram = static_cast<size_t>(config.Int("ngram")),
          .guesses = static_cast<size_t>(config.Int("guesses")),
          .pool_from_prompt = config.Bool("pool_from_prompt"),
          .max_tokens = static_cast<size_t>(config.Int("max_tokens"))};
}

}  // namespace

StageSpec& AddLookaheadOptions(StageSpec& spec) {
  return spec
      .Option(OptionSpec::Int("window")
                  .Text("For `drafter: lookahead`: positions ahead that the target guesses at in each step.")
                  .Unit("tokens")
                  .Range(1, 32)
                  .Default(2)
                  .Example("5"))
      .Option(OptionSpec::Int("ngram")
                  .Text("For `drafter: lookahead`: length of the n-grams in the pool.")
                  .Unit("tokens")
                  .Range(2, 16)
                  .Default(3)
                  .Example("4"))
      .Option(OptionSpec::Int("guesses")
                  .Text("For `drafter: lookahead`: n-grams of the pool in a draft at most, the latest first.")
                  .Unit("n-grams")
                  .Range(1, 32)
                  .Default(3)
                  .Example("5"))
      .Option(OptionSpec::Bool("pool_from_prompt")
                  .Text("For `drafter: lookahead`: the pool begins with the n-grams of the prompt.")
                  .Default(true)
                  .Example("false"));
}

Status CheckLookaheadOptions(const Config& config) {
  if (config.String("drafter") != "lookahead") return {};
  const LookaheadOptions options = From(config);
  const size_t most = retort::sdk::kMaxTreeNodes - 1;
  if (options.nodes() > most) {
    return InvalidArgument("window, ngram, guesses: expected a draft of (window + guesses) * (ngram - 1) - 1 = " +
                           std::to_string(most) + " tokens at most, got " + std::to_string(options.nodes()));
  }
  if (options.max_tokens > 0 && options.max_tokens < options.depth()) {
    return InvalidArgument("max_tokens: drafter: lookahead needs the depth of its window, window + ngram - 3 = " +
                           std::to_string(options.depth()) + ", or more; got " + std::to_string(options.max_tokens) +
                           " (0 drafts nothing)");
  }
  return {};
}

std::unique_ptr<Drafter> MakeLookahead(const Config& config) {
  return std::make_unique<LookaheadDrafter>(From(config), config.StageName());
}

}  // namespace drafting
