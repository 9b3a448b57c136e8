// What a sparse part of a model loses in foretelling a text, and what correction by the whole model wins back.
#pragma once

#include <functional>
#include <utility>

#include "core/model/perplexity.h"

namespace retort {

struct SparsePerplexityOptions {
  explicit SparsePerplexityOptions(ModelPart sparse) : part(std::move(sparse)) {}

  ModelPart part;                               // prepared
  size_t kernel = 8;                            // tokens from one check to the next, from 2
  double threshold = 0.1;                       // of a sparse token's likelihood
  double threshold_temperature = 0.6;           // at which it is looked at
  PerplexityOptions text;                       // `progress` is not used
  std::function<void(size_t tokens)> progress;  // scored so far; may be empty
};

struct SparsePerplexity {
  size_t tokens = 0;  // scored
  Estimate full, sparse, corrected;
  double by_whole = 0;  // the share of the corrected tokens that the whole model foretold
  /// Of the mean losses, (sparse - corrected) / (sparse - full). NaN where the sparse part loses nothing.
  double recovery = 0;
};

/// The loop of Sirius (arXiv 2409.03856) along a given text. Windows are those of MeasurePerplexity; the whole model
/// runs their first halves. `sparse`: every further token is foretold by the part, which runs all of them. `corrected`:
/// of each `kernel` tokens the whole model foretells one and the part those after it, with the whole model's keys and
/// values before the kernel; where the part's best token is less likely than the threshold to the whole model, the
/// whole one foretells instead, and the next kernel begins. Errors: those of MeasurePerplexity and ForwardPart.
Result<SparsePerplexity> MeasureSparsePerplexity(Model& model, TextTokens& text,
                                                 const SparsePerplexityOptions& options);

}  // namespace retort
