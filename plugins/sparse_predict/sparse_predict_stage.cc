// sparse-predict: write ahead with a share of a model's neurons.
#include <retort/sdk.h>

#include <memory>
#include <utility>

#include "plugins/shared/drafting/drafting_stage.h"
#include "plugins/sparse_predict/sparse_options.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class SparsePredict final : public drafting::DraftingStage {
 public:
  using DraftingStage::DraftingStage;

  static StageSpec Spec() {
    StageSpec spec("sparse-predict");
    spec.Summary("Write the next tokens of a sequence with a share of the model's neurons.")
        .Text(
            "The first half of Sirius (arXiv 2409.03856): a model whose feed-forward parts leave neurons out writes "
            "kernel - 1 tokens, then `correct` asks the whole model. Both have the sequence's keys and values in "
            "common; what the sparse model writes there, the whole one writes over.\n\n"
            "`coarse` chooses the neurons once, by what the prompt used most (GRIFFIN, arXiv 2404.01365), and reads "
            "`density` of the feed-forward weights. `fine` chooses them for every token by its gate (CATS, arXiv "
            "2404.08763), which is closer to the model but runs the gate whole: (1 + 2 * density) / 3 of those "
            "weights. `retort bench sparse` measures what each saves on this machine, `retort sparse calibrate` what "
            "pays for a model. Rows of several records with neurons of their own share no loads, so that batches gain "
            "less than single records; `pattern: strict` lets them share the neurons.\n\n"
            "The weights of the feed-forward parts are kept a second time, neuron by neuron; quantised ones as q8_0. "
            "With `coarse`, prompts do without the cache of earlier prompts' beginnings. The first step of a record is "
            "the whole model's.")
        .Example("{ model: target, sparsity: fine, density: 0.5, kernel: 8 }")
        .Input("in", "sequence", "Sequences to continue.")
        .Output("out", "draft:tree", "The same sequences with what the sparse model would write.")
        .MaxBatch(16);
    return sparse_predict::AddOptions(spec);
  }

  static std::string_view Payload(const Config& config, int32_t output) {
    if (output < 0) return "sequence";
    if (config.Int("width") > 1) return "draft:tree";
    return config.String("drafting") == "sampled" ? "draft:sampled" : "draft:point-mass";
  }

  static Status Check(const Config& config) { return sparse_predict::CheckOptions(config); }

  static Result<std::unique_ptr<SparsePredict>> Create(const Config& config) {
    RETORT_ASSIGN_OR_RETURN(std::unique_ptr<drafting::Drafter> drafter, sparse_predict::MakeDrafter(config));
    return std::make_unique<SparsePredict>(std::move(drafter));
  }
};

}  // namespace

RETORT_PLUGIN(SparsePredict)
