// The options of drafters that are a part of the target: which of its layers or neurons draft.
#pragma once

#include <retort/sdk.h>

#include <string_view>

namespace drafting {

/// self-skip, early-exit, sparse.
bool IsSelfDrafter(std::string_view drafter);
retort::sdk::StageSpec& AddSelfOptions(retort::sdk::StageSpec& spec);
/// What is wrong with the options as they stand together; what the model says of them shows when it is loaded.
retort::Status CheckSelfOptions(const retort::sdk::Config& config);
retort::sdk::ModelPart PartFrom(const retort::sdk::Config& config);

}  // namespace drafting
