// The stages that this program finds: the plugins beside it and those that the user names.
#pragma once

#include "core/plugin/registry.h"

namespace retort::cli {

/// Load every plugin; the registry lives as long as the process. Refused plugins are in it with their reasons.
const Registry& LoadStages();

}  // namespace retort::cli
