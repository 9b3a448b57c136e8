// What stages that draft have in common: a drafter, and process calls through it.
#pragma once

#include <retort/sdk.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "plugins/shared/drafting/drafter.h"

namespace drafting {

class DraftingStage : public retort::sdk::Stage {
 public:
  explicit DraftingStage(std::unique_ptr<Drafter> drafter) : drafter_(std::move(drafter)) {}

  /// Draft for all records and emit them by the first output; those that get none fail.
  retort::Status Process(retort::sdk::Context& context, std::span<const retort::sdk::Record> records) override {
    const auto start = std::chrono::steady_clock::now();
    const bool prompt = std::any_of(records.begin(), records.end(), BeginsToDecode);
    outcomes_.assign(records.size(), retort::Status());
    RETORT_RETURN_IF_ERROR(drafter_->Draft(context, records, outcomes_));
    for (size_t i = 0; i < records.size(); ++i) {
      const retort::Status given =
          outcomes_[i].ok() ? context.Emit(0, records[i]) : context.Fail(records[i], outcomes_[i]);
      RETORT_RETURN_IF_ERROR(given);
    }
    context.Count(prompt ? "prompt_draft_seconds" : "draft_seconds",
                  std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return {};
  }

  retort::Status Close(retort::sdk::Ending ending) override { return drafter_->Close(ending); }

 private:
  /// Whether its prompt is looked at for the first time, which is not a decoding step's cost.
  static bool BeginsToDecode(const retort::sdk::Record& record) {
    const retort::Result<retort::sdk::SequenceView> sequence = record.Sequence();
    return sequence.ok() && sequence->generated().empty();
  }

  std::unique_ptr<Drafter> drafter_;
  std::vector<retort::Status> outcomes_;
};

}  // namespace drafting
