// The loop of Sirius over one sequence: a model writes with some of its neurons, and the whole model corrects it every
// few tokens. Source: Zhou et al., arXiv 2409.03856, algorithm 1 and the code beside it, with one beam.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/decode/acceptance.h"
#include "core/model/model.h"

namespace retort {

struct SiriusSetting {
  Sparsity sparsity;
  int32_t period = 8;  // n, 2 or more: tokens from one step of the whole model to the next
  /// Likelihood at temperature 0.6 from which a sparse token stands; none: the argmax alone does.
  std::optional<double> threshold = {};
};

/// One period.
struct SiriusCheck {
  int32_t kept = 0;    // tokens of the period that stand: the whole model's own, and the leading run of sparse ones
  int32_t agreed = 0;  // of these, the whole model's argmax; its own is
  int32_t next = 0;    // the whole model's argmax after them
  double seconds = 0;
};

/// At temperature 0, for one thread; no other step of the model may run meanwhile.
class SiriusLoop {
 public:
  /// Go on after `kv`, which the whole model has run, with `token`, its argmax there. `model` must outlive the loop,
  /// and be prepared for the sparsity. Errors: kInvalidArgument for a period below 2 or a threshold outside [0, 1];
  /// those of KvSequence::Reserve.
  static Result<SiriusLoop> Begin(Model& model, std::unique_ptr<KvSequence> kv, int32_t token, SiriusSetting setting);

  /// n - 1 sparse steps, whose argmax among all tokens but those that end a text is drafted; one step of the whole
  /// model over the n tokens, which overwrites their keys and values; back to what stands. Errors: those of Forward.
  Result<SiriusCheck> Run();
  /// Seconds of a step of the whole model in its place, as plain decoding takes one; the sequence stays as it is.
  Result<double> TimePlainStep();

  /// Whether the whole model ended the text, or the context has no room for a period.
  bool ended() const;

 private:
  SiriusLoop(Model& model, std::unique_ptr<KvSequence> kv, int32_t token, SiriusSetting setting);
  Result<int32_t> Draft(int32_t token);

  Model* model_;
  std::unique_ptr<KvSequence> kv_;
  int32_t token_;
  int32_t period_;
  ModelPart part_;
  Acceptance acceptance_;
  Sampler sampler_{SamplingParams{}};
  std::vector<float> row_;
};

}  // namespace retort
