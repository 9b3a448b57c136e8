// How long a step of a model takes at least on a machine whose limits were measured.
#pragma once

#include "core/model/model_file.h"
#include "core/ops/calibrate.h"

namespace retort {

/// What a step costs at least, apart from attention, with weights converted to `weights`.
struct StepWork {
  uint64_t bytes = 0;               // of weights, each read once; only a row of an embedding that is not the output too
  uint64_t quantised_products = 0;  // multiplications of a token with weights of quantised types
  uint64_t float_products = 0;      // and of float types
};

/// A model as far as its steps cost something.
struct SteppedModel {
  ModelHyper hyper;
  StepWork work;
  uint64_t kv_bytes_per_token = 0;
  bool fast = true;  // `precision: fast`: bytes are multiplied where weights are quantised
};

/// Seconds that `rows` tokens in `sequences` sequences take at least, whose contexts have `context` tokens on average,
/// with logits for `logit_rows` of them: weights and keys read once, and all products at the peak of their type.
double LeastStepSeconds(const SteppedModel& model, const Calibration& machine, double rows, double sequences,
                        double context, double logit_rows);

}  // namespace retort
