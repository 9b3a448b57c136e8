// One step of a model over every sequence's draft, and the tokens that stand: what stages that verify have in common.
#pragma once

#include <retort/sdk.h>

#include <cstdint>
#include <span>
#include <vector>

#include "plugins/shared/decoding_options.h"
#include "plugins/shared/verifying/draft_lengths.h"
#include "plugins/shared/verifying/verify_metrics.h"

namespace retort_stages {

class VerifyLoop : public retort::sdk::Stage {
 public:
  enum Port : uint32_t { kDone = 0, kContinue = 1 };

  retort::Status Process(retort::sdk::Context& context, std::span<const retort::sdk::Record> records) override;

 protected:
  /// One sequence's part of the step: tokens_[begin, begin + pending + draft).
  struct Entry : StepDraft {
    retort::sdk::Kv kv{nullptr};
    size_t begin = 0;
    size_t whole = 0, levels = 0;  // tokens of the draft before its length was chosen; of these, in a row
    bool prompt = false;           // the sequence has no token of its own yet
    double density = 0;            // DraftView::density
    int32_t steps = 0;             // DraftView::steps
  };
  /// What became of an entry's draft. Views live for the call.
  struct Outcome {
    std::span<const int32_t> path;  // the drafted tokens that stand, by index
    size_t committed = 0;           // tokens that were appended to the sequence
    bool finished = false;
  };

  /// Of Create. Errors: those of the model.
  retort::Status Begin(const retort::sdk::Config& config, const retort::sdk::Acceptance& acceptance);

  /// Before the step; may make drafts shorter (`draft`, and with none left `tree`).
  virtual retort::Status Prepare(std::vector<Entry>&) { return {}; }
  /// How this entry's draft is accepted.
  virtual retort::Result<retort::sdk::Acceptance> AcceptanceOf(const Entry&) { return acceptance_; }
  /// After the decision over each entry, also the last one of a sequence.
  virtual retort::Status Learn(retort::sdk::Context&, const Entry&, const Outcome&) { return {}; }
  /// Once, after all: a step of `rows` rows took `forward_seconds`, the call so far `seconds`.
  virtual retort::Status EndStep(retort::sdk::Context&, std::span<const Entry> /*going on*/, size_t /*rows*/,
                                 double /*forward_seconds*/, double /*seconds*/) {
    return {};
  }

  const retort::sdk::Acceptance& acceptance() const { return acceptance_; }

 private:
  static constexpr size_t kLongestChain = 256;  // each drafted token needs a row of logits
  static constexpr size_t kSharedPrompt = 32;   // tokens from which on keys and values of prompts are kept for others

  retort::Status Admit(retort::sdk::Context& context, const retort::sdk::Record& record);
  size_t Length(const retort::sdk::SequenceView& sequence, const retort::sdk::DraftView& draft);
  double TokenSeconds(const retort::sdk::DraftView& draft, size_t length, size_t levels);
  void AddParents(size_t pending, size_t length, const int32_t* of_draft);
  retort::Status RunLongPrompts();
  retort::Status Accept(retort::sdk::Context& context, const Entry& entry, const retort::sdk::Logits& logits,
                        size_t row);
  retort::Status KeepAccepted(const Entry& entry, std::span<const int32_t> accepted);
  void Report(retort::sdk::Context& context, const Entry& entry, size_t accepted, size_t committed);

  DecodingOptions options_;
  retort::sdk::Acceptance acceptance_;
  VerifyMetrics metrics_;
  bool prompt_ = false;       // the call runs prompts
  double token_seconds_ = 0;  // see TokenSeconds
  int32_t vocab_ = 0;
  size_t context_ = 0;
  std::vector<Entry> entries_, going_;  // of the step; of these, whose sequences go on
  std::vector<int32_t> tokens_, parents_, path_;
  std::vector<size_t> depths_;
  std::vector<retort::sdk::ForwardItem> items_;
};

}  // namespace retort_stages
