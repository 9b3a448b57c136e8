// Drafts by another model: a chain, token by token, over all records of a batch at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugins/draft/drafter.h"
#include "plugins/draft/step_clock.h"

namespace drafting {

enum class Drafting { kArgmax, kSampled, kCoupled };

struct ModelDrafterOptions {
  retort::sdk::Model model;
  int32_t target_vocab = 0;
  size_t max_tokens = 8;  // of a chain; the depth of a tree
  Drafting drafting = Drafting::kArgmax;
  size_t branches = 1;         // children of a node; nodes that go on, a level. 1: a chain
  size_t nodes = 16;           // of a tree
  bool of_target = false;      // `model` is a part of the target, and shares its keys and values
  std::string name = "model";  // of the drafter, for the report
};

/// What both kinds of drafts by a model need: where each record stands, and steps that fail softly. The model has the
/// record's own keys and values; what verification rejected is cut off, nothing else is run again. A part of the target
/// writes after those of the target, which the verifier then writes over.
class ModelDrafter : public Drafter {
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

  /// How many tokens of the record's draft pay. Where drafts have not paid for long, a new record's is not begun: that
  /// would run its prompt.
  size_t BudgetOf(const retort::sdk::Record& record);
  /// The record as an entry, its keys and values cut to what the sequence still says. A record that nothing can be
  /// drafted for has an entry of length 0.
  retort::Result<Entry> Begin(retort::sdk::Context& context, const retort::sdk::Record& record);
  /// Seconds that the entry's next draft takes before it has a token.
  double CatchUp(const Entry& entry) const {
    return clock_.CatchUp(entry.history.size() - std::min(entry.history.size(), entry.kv.Length()));
  }
  /// The row as far as the target has tokens.
  std::span<const float> Known(std::span<const float> logits) const {
    return logits.first(std::min(logits.size(), static_cast<size_t>(options_.target_vocab)));
  }
  /// A draft ends before its time: the verified text stays what it is, and the loss is told.
  void Report(retort::sdk::Context& context, const retort::Status& why);

  ModelDrafterOptions options_;
  size_t context_;
  StepClock clock_;
  static constexpr size_t kLong = 48;
  size_t unpaid_ = 0;  // times in a row that the verifier wanted no draft, of any record

 private:
  bool told_ = false;
};

/// A chain, or a tree where a node has several branches. `context`: tokens that the model holds.
std::unique_ptr<Drafter> MakeChainOrTree(ModelDrafterOptions options, size_t context);

class ChainDrafter final : public ModelDrafter {
 public:
  ChainDrafter(ModelDrafterOptions options, size_t context) : ModelDrafter(std::move(options), context) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  struct Chain {
    Entry entry;
    size_t outcome;
    std::vector<int32_t> tokens = {};
    std::vector<float> q = {};
    bool live = true;
  };
  retort::Status Step(retort::sdk::Context& context);
  retort::Status Draw(Chain& chain, std::span<const float> logits);

  std::vector<Chain> chains_;
  std::vector<retort::sdk::ForwardItem> items_;
};

}  // namespace drafting
