#include "plugins/draft/draft_options.h"

#include <initializer_list>
#include <string>

#include "plugins/draft/lookahead_options.h"
#include "plugins/draft/self_options.h"
#include "plugins/draft/text_draft.h"
#include "plugins/draft/text_options.h"
#include "plugins/draft/translated_drafter.h"
#include "plugins/shared/drafting/model_drafter.h"
#include "plugins/shared/drafting/tree_drafter.h"

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::Model;
using retort::sdk::OptionSpec;
using retort::sdk::StageSpec;

namespace {

void AddModelOptions(StageSpec& spec) {
  spec.Option(
          OptionSpec::Model("model").Text("The model that drafts, for `drafter: model`.").Optional().Example("small"))
      .Option(OptionSpec::Model("target")
                  .Text("The model that verifies, for a drafter with a model and for `store`, `load` and `save`. Its "
                        "tokens must be those of the file, and had better be those of the drafting model; `self-skip`, "
                        "`early-exit` and `sparse` draft with a part of it.")
                  .Optional()
                  .Example("target"))
      .Option(OptionSpec::Enum("drafting", {"argmax", "sampled", "coupled"})
                  .Text("How a drafter with a model chooses a token: the most likely one, one drawn from its own "
                        "distribution, or one drawn with the chance that the verifier will draw by.")
                  .Default("argmax")
                  .Example("sampled"))
      .Option(OptionSpec::Int("branches")
                  .Text("Guesses for each place: above 1, a drafter with a model drafts a tree.")
                  .Unit("tokens")
                  .Range(1, 16)
                  .Default(1)
                  .Example("2"))
      .Option(OptionSpec::Int("nodes")
                  .Text("Tokens of a tree at most.")
                  .Unit("tokens")
                  .Range(1, 63)
                  .Default(16)
                  .Example("24"))
      .Option(OptionSpec::Float("min_confidence")
                  .Text("A drafter with a model ends a chain where its most likely token has a probability below this; "
                        "an argmax tree leaves out what is less likely, seen from the root. 0: never.")
                  .Range(0, 1)
                  .Default(0)
                  .Example("0.4"))
      .Option(OptionSpec::Enum("draft_by", {"none", "prompt-lookup", "ngram", "ngram-store", "cascade"})
                  .Text("A drafter with a model has its own chains drafted by this one, which saves it steps; the "
                        "drafts are the same.")
                  .Default("none")
                  .Example("prompt-lookup"));
}

/// What every drafter with a model does alike.
Status SetDrafting(const Config& config, const retort_model_info& target, ModelDrafterOptions* options) {
  options->target_vocab = target.vocab_size;
  options->max_tokens = static_cast<size_t>(config.Int("max_tokens"));
  options->drafting = DraftingOf(config.String("drafting"));
  options->branches = static_cast<size_t>(config.Int("branches"));
  options->nodes = static_cast<size_t>(config.Int("nodes"));
  options->min_confidence = config.Float("min_confidence");
  options->stage = config.StageName();
  if (config.String("draft_by") == "none") return {};
  RETORT_ASSIGN_OR_RETURN(options->draft_by, MakeTextDrafter(config));
  return {};
}

/// The target with layers or neurons left out.
Result<std::unique_ptr<Drafter>> MakeSelfDrafter(const Config& config) {
  const Model target = config.Model("target");
  ModelDrafterOptions options;
  RETORT_ASSIGN_OR_RETURN(options.model, target.Part(PartFrom(config)));
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, target.Info());
  RETORT_RETURN_IF_ERROR(SetDrafting(config, info, &options));
  options.of_target = true;
  RETORT_ASSIGN_OR_RETURN(const retort_model_info part, options.model.Info());
  options.density = part.density;
  options.name = config.String("drafter");
  return MakeChainOrTree(std::move(options), static_cast<size_t>(info.context_length));
}

/// What only works with the target's tokens; `difference` says that the model has others.
Status CheckTranslatable(const Config& config, const Status& difference) {
  const auto refuse = [&](const char* option, const std::string& why) {
    return retort::Unsupported(std::string(option) + ": " + difference.message() + ". " + why +
                               " a drafting model with the target's tokens");
  };
  const char* const without = "Drafts that are translated do without it; leave it out, or use";
  if (config.String("draft_by") != "none") return refuse("draft_by", without);
  if (config.Float("min_confidence") > 0) return refuse("min_confidence", without);
  const std::string drafting = config.String("drafting");
  if (drafting == "sampled") {
    return refuse(
        "drafting: sampled",
        "drawn tokens are accepted by the probabilities they were drawn with, and text that is translated has none in "
        "the target's tokens; use drafting: argmax, which suits any temperature, or");
  }
  if (drafting == "coupled") {
    return refuse("drafting: coupled",
                  "the verifier's chance chooses among the target's tokens, and says nothing of others; use drafting: "
                  "argmax, or");
  }
  if (config.Int("branches") > 1)
    return refuse("branches", "a draft that is translated is one chain of text; use branches: 1, or");
  return {};
}

/// A model with other tokens.
Result<std::unique_ptr<Drafter>> MakeTranslatedDrafter(const Config& config, ModelDrafterOptions options,
                                                       size_t context, const Status& difference) {
  RETORT_RETURN_IF_ERROR(CheckTranslatable(config, difference));
  RETORT_ASSIGN_OR_RETURN(Vocabulary target, ReadVocabulary(config.Model("target")));
  RETORT_ASSIGN_OR_RETURN(Vocabulary own, ReadVocabulary(options.model));
  retort::sdk::Log(
      retort::sdk::LogLevel::kWarning,
      "draft: " + difference.message() +
          "; drafts are translated as text: the result stays the target's, but fewer drafted tokens may be "
          "accepted than of a model with its tokens");
  options.name = "model (translated)";
  return std::unique_ptr<Drafter>(
      new TranslatedDrafter(std::move(options), context, std::move(target), std::move(own)));
}

Result<std::unique_ptr<Drafter>> MakeModelDrafter(const Config& config) {
  ModelDrafterOptions options;
  options.model = config.Model("model");
  const Model target = config.Model("target");
  if (!options.model || !target)
    return retort::InvalidArgument("drafter: model needs `model` and `target`, names under `models:`");
  const Status same = target.CheckSameTokens(options.model);
  if (!same.ok() && same.code() != retort::StatusCode::kUnsupported) return same;
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, options.model.Info());
  RETORT_ASSIGN_OR_RETURN(const retort_model_info target_info, target.Info());
  RETORT_RETURN_IF_ERROR(SetDrafting(config, target_info, &options));
  const auto context = static_cast<size_t>(info.context_length);
  if (info.context_length < target_info.context_length) {
    retort::sdk::Log(retort::sdk::LogLevel::kWarning,
                     "draft: model `" + std::string(retort::sdk::FromC(info.name)) + "` holds " +
                         std::to_string(info.context_length) + " tokens, the target " +
                         std::to_string(target_info.context_length) + "; sequences beyond that get no drafts");
  }
  if (!same.ok()) return MakeTranslatedDrafter(config, std::move(options), context, same);
  return MakeChainOrTree(std::move(options), context);
}

/// Those of drafters with a model.
Status CheckModelOptions(const Config& config, bool with_model) {
  const bool tree = config.Int("branches") > 1, drafted = config.String("draft_by") != "none";
  if (!with_model && (drafted || config.Float("min_confidence") > 0)) {
    return retort::InvalidArgument(std::string(drafted ? "draft_by" : "min_confidence") +
                                   ": only drafter: model, self-skip, early-exit and sparse use it; leave it out");
  }
  if (tree && config.String("drafting") == "coupled") {
    return retort::InvalidArgument(
        "drafting: coupled gives one token for each place; expected branches: 1, or drafting: argmax or sampled");
  }
  if (tree && drafted)
    return retort::InvalidArgument("draft_by: expected a chain, branches: 1, got branches: " +
                                   std::to_string(config.Int("branches")));
  return {};
}

}  // namespace

StageSpec& AddDraftOptions(StageSpec& spec) {
  spec.Option(OptionSpec::Enum("drafter", {"prompt-lookup", "ngram", "ngram-store", "race", "cascade", "model",
                                           "self-skip", "early-exit", "sparse", "lookahead"})
                  .Text("Where the guesses come from.")
                  .Default("prompt-lookup")
                  .Example("ngram"))
      .Option(OptionSpec::Int("max_tokens")
                  .Text("Tokens drafted in a row at most (of a tree: its depth); 0 drafts nothing.")
                  .Unit("tokens")
                  .Range(0, 64)
                  .Default(8)
                  .Example("4"));
  AddTextOptions(spec);
  AddModelOptions(spec);
  AddSelfOptions(spec);
  AddLookaheadOptions(spec);
  return spec;
}

Status CheckDraftOptions(const Config& config) {
  RETORT_RETURN_IF_ERROR(CheckTextOptions(config));
  RETORT_RETURN_IF_ERROR(CheckSelfOptions(config));
  RETORT_RETURN_IF_ERROR(CheckLookaheadOptions(config));
  const std::string drafter = config.String("drafter");
  const bool by_model = drafter == "model", by_part = IsSelfDrafter(drafter);
  if (config.String("model").empty() == by_model) {
    return retort::InvalidArgument(by_model ? "model: drafter: model needs the name of a model here"
                                            : "model: drafter: " + drafter + " does not use it; leave it out");
  }
  const bool has_target = !config.String("target").empty();
  if (!has_target && (by_model || by_part))
    return retort::InvalidArgument("target: drafter: " + drafter +
                                   " needs the name of a model here, that which verifies");
  if (!has_target && HasFiles(config)) {
    return retort::InvalidArgument(
        "target: `store`, `load` and `save` need the name of the model that verifies here, since their tokens must be "
        "its own");
  }
  if (has_target && !by_model && !by_part && !MayHaveFiles(config))
    return retort::InvalidArgument("target: drafter: " + drafter + " does not use it; leave it out");
  return CheckModelOptions(config, by_model || by_part);
}

std::vector<retort::sdk::Advice> DraftAdvice(const Config& config) {
  retort_stages::Remarks remarks;
  const std::string drafter = config.String("drafter");
  const auto not_used = [&](std::initializer_list<const char*> options, const char* because, const char* why) {
    retort_stages::NotUsed(options, because, why, remarks);
  };
  AddTextRemarks(config, remarks);
  if (drafter != "model" && !IsSelfDrafter(drafter)) {
    not_used({"drafting", "branches", "nodes"}, "drafter", "only a drafter with a model chooses by it");
  } else if (config.Int("branches") == 1) {
    not_used({"nodes"}, "branches", "with `branches: 1` a draft is a chain, of `max_tokens`");
  }
  if (drafter != "sparse") not_used({"density"}, "drafter", "it belongs to `drafter: sparse`");
  if (drafter != "lookahead")
    not_used({"window", "ngram", "guesses", "pool_from_prompt"}, "drafter", "it belongs to `drafter: lookahead`");
  return remarks;
}

std::string_view DraftPayload(const Config& config) {
  const std::string drafter = config.String("drafter");
  if (drafter == "lookahead") return "draft:tree";
  if (drafter != "model" && !IsSelfDrafter(drafter)) return "draft:point-mass";
  if (config.Int("branches") > 1) return "draft:tree";
  return config.String("drafting") == "sampled" ? "draft:sampled" : "draft:point-mass";
}

Result<std::unique_ptr<Drafter>> MakeDrafter(const Config& config) {
  RETORT_RETURN_IF_ERROR(CheckDraftOptions(config));
  const std::string name = config.String("drafter");
  if (name == "model") return MakeModelDrafter(config);
  if (IsSelfDrafter(name)) return MakeSelfDrafter(config);
  if (name == "lookahead") return MakeLookahead(config);
  RETORT_ASSIGN_OR_RETURN(std::unique_ptr<TextDrafter> drafter, MakeTextDrafter(config));
  const auto max_tokens = static_cast<size_t>(config.Int("max_tokens"));
  return std::unique_ptr<Drafter>(new TextDraft(std::move(drafter), max_tokens, config.StageName()));
}

}  // namespace drafting
