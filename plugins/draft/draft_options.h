// The options of the `draft` stage, and the drafter that they ask for.
#pragma once

#include <memory>
#include <vector>

#include "plugins/shared/drafting/drafter.h"

namespace drafting {

retort::sdk::StageSpec& AddDraftOptions(retort::sdk::StageSpec& spec);
/// What is wrong with values that are all right each for itself.
retort::Status CheckDraftOptions(const retort::sdk::Config& config);
/// Those that do nothing beside the drafter that is asked for.
std::vector<retort::sdk::Advice> DraftAdvice(const retort::sdk::Config& config);
/// The payload that the drafts have under these options.
std::string_view DraftPayload(const retort::sdk::Config& config);
/// Errors also: kUnsupported where the drafting model has other tokens than the target and the options need the same,
/// and those of files that are to be read or written.
retort::Result<std::unique_ptr<Drafter>> MakeDrafter(const retort::sdk::Config& config);

}  // namespace drafting
