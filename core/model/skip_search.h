// Searches the layers that a model can best do without when it drafts for itself. For one thread.
// Source: Zhang et al., "Draft & Verify", arXiv 2309.08168, section 3.2, which looks for the least time a token on
// calibration texts by Bayesian optimisation over the same choices. Here the start is a ranking of all parts, which
// costs one measurement each, and the rest a random walk uphill.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model/layer_choice.h"
#include "core/model/model.h"
#include "core/model/written_text.h"

namespace retort {

/// What one step costs, in steps of the whole model over one token: the sum of what its parts cost.
struct SkipCosts {
  double base = 0, attention = 0, feed_forward = 0;  // of the draft: embedding and logits; a layer's parts, each
  std::vector<double> steps;                         // [n] of the whole model over n + 1 tokens

  double Of(const LayerChoice& choice) const;
};

/// How well a choice drafts.
struct SkipFigures {
  std::vector<double> accepted;  // [k]: share of drafts whose first k + 1 tokens all are the model's own, argmax
  double surprise = 0;           // mean -log p of the model's own tokens by the choice, nats: ranks near ties
  double draft_cost = 0;         // of one drafted token
  // With the best length of a draft:
  int32_t draft_tokens = 0;
  double tokens_per_step = 0;  // of the whole model
  double step_cost = 0;
  double speed_up = 0;  // tokens_per_step / (draft_tokens * draft_cost + step_cost)
};

struct SkipSearchOptions {
  int32_t longest = 8;        // drafts at most
  int32_t tokens = 48;        // generated for each prompt, by argmax
  int32_t trials = 200;       // choices measured
  uint64_t seed = 0;          // of the walk
  std::vector<double> costs;  // base, attention, feed-forward, steps...: instead of measuring, for tests
  /// After every trial; `best` so far.
  std::function<void(int32_t trial, const LayerChoice& choice, const SkipFigures& figures, const SkipFigures& best)>
      progress;
};

struct SkipSearchResult {
  LayerChoice choice;
  SkipFigures figures;
  SkipCosts costs;
  int32_t trials = 0;
  size_t texts = 0, blocks = 0;  // drafts that every choice was measured with
};

/// A model and texts that it wrote; measures choices of its layers by the drafts they would make.
class SkipTrials {
 public:
  /// Lets the model continue `prompts` by argmax, all at once. Errors: those of Forward; kInvalidArgument where no
  /// prompt leaves a text of two tokens.
  static Result<SkipTrials> Create(Model& model, std::span<const std::vector<int32_t>> prompts,
                                   const SkipSearchOptions& options);

  const SkipCosts& costs() const { return costs_; }
  size_t texts() const { return texts_.size(); }
  size_t blocks() const;
  /// The drafts of a choice, given that the tokens before them in the block were accepted, at places spread over the
  /// texts, each with the whole model's keys and values before it: what decoding would see.
  Result<SkipFigures> Measure(const LayerChoice& choice);

 private:
  struct TimedStep {
    LayerChoice choice;
    size_t tokens;
  };
  SkipTrials(Model& model, const SkipSearchOptions& options) : model_(model), options_(options) {}
  Status MeasureCosts();
  Result<double> TimeStep(const TimedStep& step);
  Result<std::vector<double>> TimeSteps(std::span<const TimedStep> steps);
  Status MeasureText(const WrittenText& text, const LayerChoice& choice, std::vector<double>* reached,
                     std::vector<double>* tried, double* surprise, double* rows);
  std::vector<size_t> Places(const WrittenText& text) const;
  void ChooseLength(SkipFigures* figures) const;

  Model& model_;
  SkipSearchOptions options_;
  std::vector<WrittenText> texts_;
  SkipCosts costs_;
};

/// The best choice that was found; its speed_up says whether it pays. Errors: those of SkipTrials.
Result<SkipSearchResult> SearchSkips(Model& model, std::span<const std::vector<int32_t>> prompts,
                                     const SkipSearchOptions& options);

}  // namespace retort
