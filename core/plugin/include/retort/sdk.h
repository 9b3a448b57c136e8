// The C++20 SDK for Retort plugins, header-only, over the C ABI in <retort/plugin.h>. Write a class that derives from
// retort::sdk::Stage, describe it in Spec(), and name it in RETORT_PLUGIN. Exceptions are caught at the boundary.
#pragma once

#include "retort/sdk/boundary.h"
#include "retort/sdk/config.h"
#include "retort/sdk/context.h"
#include "retort/sdk/model.h"
#include "retort/sdk/record.h"
#include "retort/sdk/spec.h"
#include "retort/sdk/stage.h"
#include "retort/status.h"
