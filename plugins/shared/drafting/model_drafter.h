// Drafts by another model: a chain, token by token, over all records of a batch at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/shared/drafting/drafter.h"
#include "plugins/shared/drafting/step_clock.h"
#include "plugins/shared/drafting/text_memory.h"

namespace drafting {

enum class Drafting { kArgmax, kSampled, kCoupled };
/// As options spell it: argmax, sampled, coupled.
inline Drafting DraftingOf(std::string_view name) {
  return name == "sampled" ? Drafting::kSampled : name == "coupled" ? Drafting::kCoupled : Drafting::kArgmax;
}

struct ModelDrafterOptions {
  retort::sdk::Model model;
  int32_t target_vocab = 0;
  size_t max_tokens = 8;  // of a chain; the depth of a tree
  Drafting drafting = Drafting::kArgmax;
  size_t branches = 1;                         // children of a node; nodes that go on, a level. 1: a chain
  size_t nodes = 16;                           // of a tree
  double min_confidence = 0;                   // a draft ends where it falls below: ModelDrafter::Confident; 0: never
  bool of_target = false;                      // `model` is a part of the target, and shares its keys and values
  double density = 0;                          // of such a part: DraftView::density
  std::string name = "model";                  // of the drafter, for the report
  std::shared_ptr<TextDrafter> draft_by = {};  // drafts for the model, which verifies; null: none. Chains alone
  std::string stage = {};
  std::vector<int32_t> never = {};  // tokens that are not drafted, ascending
  bool ask_at_never = false;        // a chain ends where one of them would come; else the next best one is taken
  bool end_after = false;           // a chain ends after a token of less than min_confidence; else before it
  bool beam = false;                // of a tree its `branches` likeliest leaves are kept with what leads to them
  double score_temperature = 1;     // of the likelihoods that a tree compares, for sequences at temperature 0
};

/// What both kinds of drafts by a model need: where each record stands, and steps that fail softly. The model has the
/// record's own keys and values; what verification rejected is cut off, nothing else is run again. A part of the target
/// writes after those of the target, which the verifier then writes over.
class ModelDrafter : public Drafter {
 public:
  retort::Status Close(retort::sdk::Ending ending) override;

 protected:
  /// One record's draft in the making.
  struct Entry {
    retort::sdk::Record record;
    retort::sdk::Kv kv;
    std::vector<int32_t> history;  // the sequence
    size_t length;                 // tokens in a row that may be drafted
    size_t nodes;                  // tokens of a tree that may be drafted
    retort::sdk::Sampling sampling;
    Drafting drafting;
    uint32_t draws = 0;
  };

  explicit ModelDrafter(ModelDrafterOptions options, size_t context)
      : options_(std::move(options)), context_(context) {}

  /// The record as an entry, its keys and values cut to what the sequence still says. A record that nothing can be
  /// drafted for has an entry of length 0.
  retort::Result<Entry> Begin(retort::sdk::Context& context, const retort::sdk::Record& record);
  /// Tokens that the verifier wants of the record's next draft, at most. Where drafts have not paid for long, that of a
  /// new record is not begun, since its prompt would have to be run.
  size_t BudgetOf(const retort::sdk::Record& record);
  /// How the record is sampled. Before the first verification nobody knows: neutral, at temperature 0.
  static retort::Result<retort::sdk::Sampling> SamplingOf(const retort::sdk::Record& record);
  /// Seconds that the next draft of a sequence of `history` tokens takes before it has a token.
  double CatchUp(size_t history, const retort::sdk::Kv& kv) const {
    return clock_.CatchUp(history - std::min(history, kv.Length()));
  }
  /// One token more for every live draft.
  virtual retort::Status Step(retort::sdk::Context& context) = 0;
  /// Steps until no draft is `live`; one that fails ends them all as they are.
  template <typename Draft, typename Live>
  void RunSteps(retort::sdk::Context& context, const std::vector<Draft>& drafts, Live Draft::*live) {
    while (std::any_of(drafts.begin(), drafts.end(), std::mem_fn(live))) {
      if (const retort::Status status = Step(context); !status.ok()) return Report(context, status);
    }
  }
  /// Run items_, timed until clock_.End. `most`: tokens that a sequence has gained since its last draft.
  retort::Result<retort::sdk::Logits> RunItems(retort::sdk::Context& context, size_t most);
  /// The row as far as the target has tokens, without those that are never drafted. Valid until the next call.
  std::span<const float> Known(std::span<const float> logits);
  /// Whether the likeliest token of the row is one that is never drafted.
  bool NeverIsBest(std::span<const float> logits) const;
  /// Whether a token is to be drafted where the model gives these logits after `history`: its top probability, by the
  /// sequence's own sampling (at temperature 1 where that is 0), reaches min_confidence. It does not depend on what is
  /// drawn there, so a drawn draft that ends by it keeps its law.
  retort::Result<bool> Confident(const Entry& entry, std::span<const float> logits, std::span<const int32_t> history);
  /// A draft ends before its time: the verified text stays what it is, and the loss is told.
  void Report(retort::sdk::Context& context, const retort::Status& why);

  ModelDrafterOptions options_;
  size_t context_;
  StepClock clock_;
  std::vector<retort::sdk::ForwardItem> items_;  // of a step
  static constexpr size_t kLong = 48;
  size_t unpaid_ = 0;  // times in a row that the verifier wanted no draft, of any record
  std::vector<float> p_;
  std::vector<float> known_;  // see Known

 private:
  bool told_ = false;
};

/// A chain, or a tree where a node has several branches. `context`: tokens that the model holds.
std::unique_ptr<Drafter> MakeChainOrTree(ModelDrafterOptions options, size_t context);

/// With `draft_by`, a drafter whose drafts are drafted (cascade drafting, Chen et al., arXiv 2312.11462): guesses about
/// the chain join the model's step, and those that are the tokens that it chooses itself save it steps. The chain is
/// that of the model alone, token for token, also where tokens are drawn, as far as its logits are the same.
class ChainDrafter final : public ModelDrafter {
 public:
  ChainDrafter(ModelDrafterOptions options, size_t context)
      : ModelDrafter(std::move(options), context), memory_(options_.stage) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  struct Chain {
    Entry entry;
    size_t outcome;
    std::vector<int32_t> tokens = {};
    std::vector<float> q = {};
    bool live = true;
    int32_t steps = 0;                      // in a row
    TextDrafter::Memory* memory = nullptr;  // of draft_by; lives on the record
    std::vector<int32_t> run = {};          // of a step: what is pending, then `guesses` guesses
    size_t guesses = 0;
  };
  /// Tokens of the longest chain.
  size_t Longest() const;
  retort::Status Admit(retort::sdk::Context& context, const retort::sdk::Record& record, size_t outcome);
  retort::Status Step(retort::sdk::Context& context) override;
  void PrepareStep(Chain& chain) const;
  retort::Status Take(retort::sdk::Context& context, Chain& chain, const retort::sdk::Logits& logits, size_t row);
  retort::Status Draw(Chain& chain, std::span<const float> logits);

  const TextMemory memory_;
  std::vector<Chain> chains_;
};

}  // namespace drafting
