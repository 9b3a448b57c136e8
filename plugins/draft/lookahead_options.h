// The options of `drafter: lookahead`, and the drafter.
#pragma once

#include <memory>

#include "plugins/shared/drafting/drafter.h"

namespace drafting {

/// Paragraphs of `retort describe draft`.
extern const char* const kLookaheadText;

retort::sdk::StageSpec& AddLookaheadOptions(retort::sdk::StageSpec& spec);
/// What is wrong with values that are all right each for itself.
retort::Status CheckLookaheadOptions(const retort::sdk::Config& config);
std::unique_ptr<Drafter> MakeLookahead(const retort::sdk::Config& config);

}  // namespace drafting
