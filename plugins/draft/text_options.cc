#include "plugins/draft/text_options.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "plugins/draft/cascade_drafter.h"
#include "plugins/draft/lookup_drafter.h"
#include "plugins/draft/ngram_drafter.h"
#include "plugins/draft/race_drafter.h"
#include "plugins/draft/self_options.h"
#include "plugins/draft/store_drafter.h"

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::Model;
using retort::sdk::OptionSpec;
using retort::sdk::StageSpec;
using retort_stages::TokenSet;

const char* const kTextDraftersText =
    "`prompt-lookup` takes what followed the longest suffix (`min_match` to `max_match` tokens) where it last stood in "
    "the same sequence. It suits answers that repeat their prompt (summaries, extraction, edits). Drafting costs "
    "hardly anything; verifying does: each drafted token makes the verifier's step longer, and pays only where it is "
    "accepted often enough for the machine and the batch.\n\n"
    "`ngram` counts over the run which token followed which context of up to `max_match` tokens, prompts and "
    "completions of all records, and follows the most counted one. `save` leaves the counts for other runs, `load` "
    "begins with them. What it drafts depends on the records seen so far, so the drafts (never the verified text) may "
    "differ from run to run unless the run is `--deterministic`.\n\n"
    "`ngram-store` looks into a corpus of your own (earlier answers, code, documents), which `retort store build` "
    "prepares once: the longest suffix of the text that the corpus has, and its most frequent continuation (REST, "
    "arXiv 2311.08252). The file is mapped, and a search takes microseconds.\n\n"
    "`race` lets several `drafters` guess for every block and takes the guess with the most tokens to be expected "
    "accepted, by how often each was right so far, in the record and in the run. `cascade` lets each of its "
    "`drafters` go on where the one before found no more.";

namespace {

constexpr const char* kLookup = "prompt-lookup";
constexpr const char* kNgram = "ngram";
constexpr const char* kStore = "ngram-store";

bool IsJoint(const std::string& drafter) { return drafter == "race" || drafter == "cascade"; }

/// The drafter of the stage, or the one that drafts for its model.
std::string Asked(const Config& config) {
  const std::string drafter = config.String("drafter");
  return drafter == "model" || IsSelfDrafter(drafter) ? config.String("draft_by") : drafter;
}

/// The names of those that draft, in order.
std::vector<std::string> Names(const Config& config) {
  const std::string drafter = Asked(config);
  return IsJoint(drafter) ? config.List("drafters") : std::vector<std::string>{drafter};
}

bool Has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status CheckDrafters(const Config& config) {
  const std::string drafter = Asked(config);
  const std::vector<std::string> given = config.List("drafters");
  if (!IsJoint(drafter)) {
    if (given.empty()) return {};
    return retort::InvalidArgument("drafters: only drafter: race and drafter: cascade use them; leave them out");
  }
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string place = "drafters[" + std::to_string(i) + "]: expected prompt-lookup, ngram or ngram-store";
    if (given[i] != kLookup && given[i] != kNgram && given[i] != kStore)
      return retort::InvalidArgument(place + ", got " + given[i]);
    if (std::find(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(i), given[i]) !=
        given.begin() + static_cast<std::ptrdiff_t>(i))
      return retort::InvalidArgument(place + ", each once, got " + given[i] + " again");
  }
  if (given.size() >= 2) return {};
  return retort::InvalidArgument("drafters: drafter: " + drafter + " needs two or more of prompt-lookup, ngram and " +
                                 "ngram-store, got " + std::to_string(given.size()));
}

/// Options of files go with the drafters that have files.
Status CheckFiles(const Config& config) {
  const std::vector<std::string> names = Names(config);
  const bool store = Has(names, kStore), ngram = Has(names, kNgram);
  if (store && config.String("store").empty())
    return retort::InvalidArgument("store: drafter ngram-store needs a file of `retort store build` here");
  if (!store && !config.String("store").empty())
    return retort::InvalidArgument("store: only drafter ngram-store uses it; leave it out");
  if (!ngram && (!config.String("load").empty() || !config.String("save").empty()))
    return retort::InvalidArgument("load, save: only drafter ngram uses them; leave them out");
  return {};
}

/// The target's tokens; none where no file needs them.
Result<TokenSet> TargetTokens(const Config& config) {
  if (config.String("target").empty()) return TokenSet{};
  const Model target = config.Model("target");
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, target.Info());
  Status status;
  const TokenSet tokens = TokenSet::Of(static_cast<uint32_t>(info.vocab_size), [&](int32_t token) {
    const Result<std::string_view> text = target.Detokenize({&token, 1});
    if (!text.ok()) status = text.status();
    return text.ok() ? *text : std::string_view();
  });
  if (!status.ok()) return status;
  return tokens;
}

Result<std::unique_ptr<TextDrafter>> MakeOne(const std::string& name, const Config& config, const TokenSet& tokens) {
  const auto min_match = static_cast<size_t>(config.Int("min_match"));
  const auto max_match = static_cast<size_t>(config.Int("max_match"));
  const double min_share = config.Float("min_share");
  if (name == kLookup) return std::unique_ptr<TextDrafter>(new LookupDrafter(min_match, max_match));
  if (name == kStore) return StoreDrafter::Create({config.String("store"), min_match, max_match, min_share, tokens});
  return NgramDrafter::Create({min_match, max_match, static_cast<size_t>(config.Int("max_contexts")), min_share,
                               config.String("load"), config.String("save"), tokens});
}

}  // namespace

void AddTextOptions(StageSpec& spec) {
  spec.Option(
          OptionSpec::List("drafters")
              .Text("For `race` and `cascade`: two or more of `prompt-lookup`, `ngram` and `ngram-store`, in order.")
              .Optional()
              .Example("[prompt-lookup, ngram]"))
      .Option(OptionSpec::Int("min_match")
                  .Text("Shortest suffix or context that is trusted.")
                  .Unit("tokens")
                  .Range(1, 16)
                  .Default(2)
                  .Example("1"))
      .Option(OptionSpec::Int("max_match")
                  .Text("Longest suffix or context that is looked for.")
                  .Unit("tokens")
                  .Range(1, 16)
                  .Default(4)
                  .Example("3"))
      .Option(OptionSpec::Float("min_share")
                  .Text("`ngram` and `ngram-store` end a draft where it stands for less than this share of what "
                        "followed the context; 0 = never.")
                  .Range(0, 1)
                  .Default(0)
                  .Example("0.3"))
      .Option(OptionSpec::Int("max_contexts")
                  .Text("Contexts that `ngram` keeps at most, about 64 bytes each. Once there are so many, known ones "
                        "still count and new ones are left out.")
                  .Unit("contexts")
                  .Range(1, 1 << 28)
                  .Default(1 << 20)
                  .Example("100000"))
      .Option(OptionSpec::Path("load")
                  .Text("Counts of an earlier run that `ngram` begins with.")
                  .Optional()
                  .Example("answers.ngram"))
      .Option(OptionSpec::Path("save")
                  .Text("Where `ngram` leaves its counts when the run ends; an older file is replaced once the new one "
                        "is whole, and stays where the run is cut short. May be the file of `load`.")
                  .Optional()
                  .Example("answers.ngram"))
      .Option(OptionSpec::Path("store")
                  .Text("The corpus of `ngram-store`, a file of `retort store build`.")
                  .Optional()
                  .Example("answers.store"));
}

bool MayHaveFiles(const Config& config) {
  const std::vector<std::string> names = Names(config);
  return Has(names, kNgram) || Has(names, kStore);
}

bool HasFiles(const Config& config) {
  for (const char* const name : {"store", "load", "save"}) {
    if (!config.String(name).empty()) return true;
  }
  return false;
}

Status CheckTextOptions(const Config& config) {
  const int64_t min_match = config.Int("min_match"), max_match = config.Int("max_match");
  if (min_match > max_match) {
    return retort::InvalidArgument("min_match: expected max_match (" + std::to_string(max_match) + ") at most, got " +
                                   std::to_string(min_match));
  }
  RETORT_RETURN_IF_ERROR(CheckDrafters(config));
  return CheckFiles(config);
}

void AddTextRemarks(const Config& config, retort_stages::Remarks& remarks) {
  const std::vector<std::string> names = Names(config);
  const bool lookup = Has(names, kLookup), ngram = Has(names, kNgram), store = Has(names, kStore);
  const auto not_used = [&](std::initializer_list<const char*> options, const char* why) {
    retort_stages::NotUsed(options, "drafter", why, remarks);
  };
  if (!lookup && !ngram && !store) not_used({"min_match", "max_match"}, "no drafter looks for a suffix or a context");
  if (!ngram && !store) not_used({"min_share"}, "it belongs to `ngram` and `ngram-store`");
  if (!ngram) not_used({"max_contexts"}, "it belongs to `ngram`");
}

Result<std::unique_ptr<TextDrafter>> MakeTextDrafter(const Config& config) {
  RETORT_ASSIGN_OR_RETURN(const TokenSet tokens, TargetTokens(config));
  std::vector<std::unique_ptr<TextDrafter>> drafters;
  for (const std::string& name : Names(config)) {
    RETORT_ASSIGN_OR_RETURN(drafters.emplace_back(), MakeOne(name, config, tokens));
  }
  const std::string drafter = Asked(config);
  if (drafter == "race") return std::unique_ptr<TextDrafter>(new RaceDrafter(std::move(drafters)));
  if (drafter == "cascade") return std::unique_ptr<TextDrafter>(new CascadeDrafter(std::move(drafters)));
  return std::move(drafters.front());
}

}  // namespace drafting
