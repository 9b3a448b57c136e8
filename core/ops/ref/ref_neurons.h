// The oracle of NeuronOps: plain loops on host memory, with sums in double.
#pragma once

#include <memory>
#include <span>

#include "core/ops/ops.h"

namespace retort {

std::unique_ptr<NeuronOps> MakeRefNeurons();

/// The type of PackedNeurons made of these matrices: that of theirs by NeuronType where it is the same of all, else
/// f32. Errors: kInvalidArgument for shapes that are those of no gated feed-forward part.
Result<DType> CheckNeuronMatrices(std::span<const std::unique_ptr<PackedWeight>> gate_up, const PackedWeight& down);

/// Errors: kInvalidArgument for no number of rows of w.
Status CheckFirstRows(const PackedWeight& w, int64_t n);

}  // namespace retort
