// The perplexity of a text under a model, and how far its distributions are from those of a base: another model, or the
// same with other weights or arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/model/model.h"
#include "core/model/text_tokens.h"
#include "core/model/token_score.h"

namespace retort {

struct Estimate {
  double value = 0;
  double error = 0;  // the standard error, as if the tokens were independent of each other
};

/// Mean and variance of values, one at a time. Source: Welford 1962.
class RunningMean {
 public:
  void Add(double value);
  size_t count() const { return count_; }
  Estimate mean() const;

 private:
  size_t count_ = 0;
  double mean_ = 0, squares_ = 0;  // squares of distances from the mean
};

struct PerplexityFigures {
  size_t tokens = 0;    // scored
  Estimate perplexity;  // exp of the mean loss
  // Beside a base:
  bool compared = false;
  Estimate base_perplexity;
  Estimate ratio;       // perplexity over the base's; its error is that of the paired difference, far below theirs
  Estimate divergence;  // the mean of KL(base || model), nats a token
  Estimate agreement;   // of the most likely token, 0 to 1
};

class PerplexitySums {
 public:
  explicit PerplexitySums(bool compared) : compared_(compared) {}
  void Add(const TokenScore& score);
  PerplexityFigures Figures() const;

 private:
  bool compared_;
  RunningMean loss_, base_loss_, difference_, divergence_, agreement_;
};

struct PerplexityOptions {
  int32_t window = 512;  // tokens, 2 to the models' context
  size_t tokens = 0;     // stop after the window in which so many were scored; 0 = at the end of the text
  std::function<void(const PerplexityFigures&)> progress;  // after each window; may be empty
};

/// exp of a mean loss, with the error that follows to first order.
Estimate PerplexityOf(const RunningMean& loss);

/// A text cut into windows that follow each other, each opened by the begin-of-sequence token where the model has one.
class TextWindows {
 public:
  /// Errors: kInvalidArgument for a window that does not fit the model.
  static Result<TextWindows> Of(const Model& model, TextTokens& text, const PerplexityOptions& options);
  /// Tokens [first, size) of a window are scored.
  size_t first() const { return size_ / 2 > 1 ? size_ / 2 : 1; }
  /// False at the end of the text; a last window that is not full is left out. Errors: kInvalidArgument for a text
  /// shorter than one window, those of TextTokens.
  Result<bool> Next(std::vector<int32_t>* window);

 private:
  TextWindows(TextTokens& text, size_t size, std::vector<int32_t> opening)
      : text_(text), size_(size), opening_(std::move(opening)) {}

  TextTokens& text_;
  size_t size_;
  std::vector<int32_t> opening_;
  bool any_ = false;
};

/// Cut the text into windows that follow each other, each opened by the begin-of-sequence token where the model has
/// one. The second half of each is scored, every token given those before it in the window; a last window that is not
/// full is left out. One window's logits of each side are held at a time. `base` may be null. Errors: kInvalidArgument
/// (window, a text shorter than one window, those of TextTokens), those of Model::Forward.
Result<PerplexityFigures> MeasurePerplexity(Model& model, Model* base, TextTokens& text,
                                            const PerplexityOptions& options);

}  // namespace retort
