// The options of the `sparse-predict` stage, and the drafter that they ask for.
#pragma once

#include <retort/sdk.h>

#include <memory>

#include "plugins/shared/drafting/drafter.h"

namespace sparse_predict {

retort::sdk::StageSpec& AddOptions(retort::sdk::StageSpec& spec);
/// What is wrong with values that are all right each for itself.
retort::Status CheckOptions(const retort::sdk::Config& config);
/// Errors also: kUnsupported for a model on a device without kernels for sparsity, or a profile of another model.
retort::Result<std::unique_ptr<drafting::Drafter>> MakeDrafter(const retort::sdk::Config& config);

}  // namespace sparse_predict
