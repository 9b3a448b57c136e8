// draft: guess the next tokens of a sequence.
#include <retort/sdk.h>

#include <memory>
#include <string>
#include <vector>

#include "plugins/draft/draft_options.h"
#include "plugins/draft/text_options.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class Draft final : public Stage {
 public:
  static StageSpec Spec() {
    StageSpec spec("draft");
    spec.Summary("Draft the next tokens of a sequence for a verifier.")
        .Text(std::string(drafting::kTextDraftersText) +
              "\n\nDrafts are chosen without chance (`draft:point-mass`). A drafter that finds nothing gives an empty "
              "draft, with which the verifier makes a plain step.")
        .Example("{ drafter: prompt-lookup, max_tokens: 8 }")
        .Input("in", "sequence", "Sequences to continue.")
        .Output("out", "draft:point-mass", "The same sequences with a draft.")
        .MaxBatch(16);
    return drafting::AddDraftOptions(spec);
  }

  static Status Check(const Config& config) { return drafting::CheckDraftOptions(config); }

  static Result<std::unique_ptr<Draft>> Create(const Config& config) {
    auto stage = std::make_unique<Draft>();
    Result<std::unique_ptr<drafting::Drafter>> drafter = drafting::MakeDrafter(config);
    if (!drafter.ok()) return drafter.status();
    stage->drafter_ = *std::move(drafter);
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    outcomes_.assign(records.size(), Status());
    if (Status status = drafter_->Draft(context, records, outcomes_); !status.ok()) return status;
    for (size_t i = 0; i < records.size(); ++i) {
      Status given = outcomes_[i].ok() ? context.Emit(0, records[i]) : context.Fail(records[i], outcomes_[i]);
      if (!given.ok()) return given;
    }
    return {};
  }

  Status Close(Ending ending) override { return drafter_->Close(ending); }

 private:
  std::unique_ptr<drafting::Drafter> drafter_;
  std::vector<Status> outcomes_;
};

}  // namespace

RETORT_PLUGIN(Draft)
