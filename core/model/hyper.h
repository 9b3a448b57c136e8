// A model's sizes, read from its files and checked for sense. One ReadHyper per format; FinishHyper serves both.
#pragma once

#include <string>

#include "core/model/gguf.h"
#include "core/model/model.h"

namespace retort {

/// Errors: kUnsupported (architecture, rope scaling), kNotFound (key), kInvalidArgument (sizes that make no model).
Result<ModelHyper> ReadHyper(const GgufFile& file);

/// Set what the tensors tell (vocabulary, biases) and what follows from the rest, and check that the sizes fit
/// together. Errors: kNotFound (no embedding), kInvalidArgument (sizes that make no model), kUnsupported.
Status FinishHyper(const TensorFile& file, ModelHyper* hyper);

}  // namespace retort
