// A model's sizes, read from GGUF metadata and checked for sense.
#pragma once

#include "core/model/gguf.h"
#include "core/model/model.h"

namespace retort {

/// Errors: kUnsupported (architecture, rope scaling), kNotFound (key), kInvalidArgument (sizes that make no model).
Result<ModelHyper> ReadHyper(const GgufFile& file);

}  // namespace retort
