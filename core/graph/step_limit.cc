#include "core/graph/step_limit.h"

#include <algorithm>

namespace retort {

double LeastStepSeconds(const SteppedModel& model, const Calibration& machine, double rows, double sequences,
                        double context, double logit_rows) {
  const ModelHyper& h = model.hyper;
  const StepWork& work = model.work;
  const double kv_bytes = sequences * context * static_cast<double>(model.kv_bytes_per_token);
  const double reading = (static_cast<double>(work.bytes) + kv_bytes) / machine.read_bytes_per_second;
  // The vocabulary's share is multiplied for the rows whose logits are wanted.
  const double all = static_cast<double>(work.quantised_products + work.float_products);
  const double logits = static_cast<double>(h.vocab) * h.hidden;
  const double share = (all - logits + logits * logit_rows / rows) / all;
  constexpr double kTileRows = 16;  // of a matrix unit, which fewer leave idle
  const double bf16 = model.fast && rows >= kTileRows ? machine.bf16_flops_per_second : 0;
  const double floats = std::max(machine.f32_flops_per_second, bf16);
  const double integers = model.fast ? std::max(machine.int8_ops_per_second, bf16) : machine.f32_flops_per_second;
  const double products =
      2 * rows * share *
      (static_cast<double>(work.quantised_products) / integers + static_cast<double>(work.float_products) / floats);
  const double attention = 4.0 * rows * context * h.layers * h.heads * h.head_dim / machine.f32_flops_per_second;
  return std::max(reading, products + attention);
}

}  // namespace retort
