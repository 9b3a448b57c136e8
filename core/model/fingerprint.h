// Tells models apart: what was measured with one may not hold for another.
#pragma once

#include <cstdint>

#include "core/model/model.h"
#include "core/model/tensor_file.h"

namespace retort {

/// A hash of the sizes of a model, of the name, type and shape of every tensor, and of samples of its bytes, so that no
/// large file has to be read for it. Training changes nearly all numbers: the samples see it. Not against forgery.
uint64_t FingerprintOf(const TensorFile& file, const ModelHyper& hyper);

}  // namespace retort
