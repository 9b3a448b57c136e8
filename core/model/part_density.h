// How much of a model a part of it reads.
#pragma once

#include "core/model/model.h"

namespace retort {

/// The parameters that a step of one token of the part reads, over those of the whole model, embeddings among them. Of
/// a layer of density d `coarse` reads the share d of the feed-forward part, `fine` the gate and d of the rest. (The
/// densities that Sirius, arXiv 2409.03856, reports come from these formulas.)
double PartDensity(const ModelHyper& hyper, const ModelPart& part);

}  // namespace retort
