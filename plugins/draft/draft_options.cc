#include "plugins/draft/draft_options.h"

#include "plugins/draft/text_draft.h"
#include "plugins/draft/text_options.h"

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Config;
using retort::sdk::OptionSpec;
using retort::sdk::StageSpec;

StageSpec& AddDraftOptions(StageSpec& spec) {
  spec.Option(OptionSpec::Enum("drafter", {"prompt-lookup", "ngram", "ngram-store", "race", "cascade"})
                  .Text("Where the guesses come from.")
                  .Default("prompt-lookup")
                  .Example("ngram"))
      .Option(OptionSpec::Int("max_tokens")
                  .Text("Tokens drafted at most; 0 drafts nothing.")
                  .Unit("tokens")
                  .Range(0, 64)
                  .Default(8)
                  .Example("4"))
      .Option(OptionSpec::Model("target")
                  .Text("The model that verifies, where files hold its tokens: `store`, `load`, `save`.")
                  .Optional()
                  .Example("target"));
  AddTextOptions(spec);
  return spec;
}

Status CheckDraftOptions(const Config& config) { return CheckTextOptions(config); }

Result<std::unique_ptr<Drafter>> MakeDrafter(const Config& config) {
  RETORT_RETURN_IF_ERROR(CheckDraftOptions(config));
  RETORT_ASSIGN_OR_RETURN(std::unique_ptr<TextDrafter> drafter, MakeTextDrafter(config));
  return std::unique_ptr<Drafter>(new TextDraft(std::move(drafter), static_cast<size_t>(config.Int("max_tokens"))));
}

}  // namespace drafting
