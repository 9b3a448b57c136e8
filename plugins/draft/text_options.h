// The options of the drafters that look into text, and the drafter that they ask for.
#pragma once

#include <retort/sdk.h>

#include <memory>

#include "plugins/shared/advice.h"
#include "plugins/shared/drafting/text_drafter.h"

namespace drafting {

/// Paragraphs of `retort describe draft`.
extern const char* const kTextDraftersText;

void AddTextOptions(retort::sdk::StageSpec& spec);
/// Whether a drafter is among them that may have files, and whether there are any: their tokens must be `target`'s.
bool MayHaveFiles(const retort::sdk::Config& config);
bool HasFiles(const retort::sdk::Config& config);
/// What is wrong with values that are all right each for itself.
retort::Status CheckTextOptions(const retort::sdk::Config& config);
/// Those that do nothing beside the drafter that is asked for.
void AddTextRemarks(const retort::sdk::Config& config, retort_stages::Remarks& remarks);
/// Errors also: those of files that are to be read or written.
retort::Result<std::unique_ptr<TextDrafter>> MakeTextDrafter(const retort::sdk::Config& config);

}  // namespace drafting
