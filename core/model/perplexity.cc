#include "core/model/perplexity.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/device/cpu/parallel.h"

namespace retort {
namespace {

/// exp of an estimate of a logarithm, with the error that follows to first order.
Estimate Exp(const Estimate& log) { return {std::exp(log.value), std::exp(log.value) * log.error}; }

Status CheckWindow(const Model& model, int32_t window) {
  if (window >= 2 && window <= model.hyper().context_length) return {};
  return InvalidArgument("window: expected 2 to " + std::to_string(model.hyper().context_length) +
                         " tokens, the context of " + model.config().source + ", got " + std::to_string(window));
}

/// The logits that foretell tokens [first, size) of a window: rows of the tokens before them.
Result<std::span<const float>> WindowLogits(Model& model, const std::vector<int32_t>& window, size_t first) {
  RETORT_ASSIGN_OR_RETURN(const auto kv, model.CreateSequence());
  const ForwardItem item{kv.get(), std::span(window).first(window.size() - 1), first - 1};
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model.Forward({&item, 1}, &logits));
  return logits;
}

/// The scores of tokens [first, size) of a window.
Result<std::vector<TokenScore>> ScoreWindow(Model& model, Model* base, const std::vector<int32_t>& window,
                                            size_t first) {
  RETORT_ASSIGN_OR_RETURN(const std::span<const float> logits, WindowLogits(model, window, first));
  std::span<const float> base_logits;
  if (base != nullptr) {
    RETORT_ASSIGN_OR_RETURN(base_logits, WindowLogits(*base, window, first));
  }
  std::vector<TokenScore> scores(window.size() - first);
  const size_t vocab = logits.size() / scores.size();
  Status status;
  std::mutex mutex;
  ParallelFor(static_cast<int64_t>(scores.size()), 1, model.device().info().threads, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const auto row = [&](std::span<const float> all) { return all.empty() ? all : all.subspan(i * vocab, vocab); };
      const auto score = ScoreToken(row(logits), row(base_logits), window[first + i]);
      if (score.ok()) {
        scores[i] = *score;
      } else {
        const std::lock_guard lock(mutex);
        status = score.status();
      }
    }
  });
  RETORT_RETURN_IF_ERROR(status);
  return scores;
}

}  // namespace

Estimate PerplexityOf(const RunningMean& loss) { return Exp(loss.mean()); }

Result<TextWindows> TextWindows::Of(const Model& model, TextTokens& text, const PerplexityOptions& options) {
  RETORT_RETURN_IF_ERROR(CheckWindow(model, options.window));
  RETORT_ASSIGN_OR_RETURN(std::vector<int32_t> opening, model.tokenizer().Encode("", {.add_special = true}));
  return TextWindows(text, static_cast<size_t>(options.window), std::move(opening));
}

Result<bool> TextWindows::Next(std::vector<int32_t>* window) {
  *window = opening_;
  RETORT_RETURN_IF_ERROR(text_.Take(size_ - std::min(size_, opening_.size()), window));
  if (window->size() == size_) return any_ = true;
  if (any_) return false;
  return InvalidArgument(text_.name() + ": expected at least one window of " + std::to_string(size_) + " tokens, got " +
                         std::to_string(window->size()) + "; take a longer text or a smaller window");
}

void RunningMean::Add(double value) {
  ++count_;
  const double step = value - mean_;
  mean_ += step / static_cast<double>(count_);
  squares_ += step * (value - mean_);
}

Estimate RunningMean::mean() const {
  if (count_ < 2) return {mean_, 0};
  const auto n = static_cast<double>(count_);
  return {mean_, std::sqrt(squares_ / (n - 1) / n)};
}

void PerplexitySums::Add(const TokenScore& score) {
  loss_.Add(score.loss);
  base_loss_.Add(score.base_loss);
  difference_.Add(score.loss - score.base_loss);
  divergence_.Add(score.divergence);
  agreement_.Add(score.agrees ? 1 : 0);
}

PerplexityFigures PerplexitySums::Figures() const {
  PerplexityFigures figures;
  figures.tokens = loss_.count();
  figures.perplexity = Exp(loss_.mean());
  figures.compared = compared_;
  if (!compared_) return figures;
  figures.base_perplexity = Exp(base_loss_.mean());
  figures.ratio = Exp(difference_.mean());
  figures.divergence = divergence_.mean();
  figures.agreement = agreement_.mean();
  return figures;
}

Result<PerplexityFigures> MeasurePerplexity(Model& model, Model* base, TextTokens& text,
                                            const PerplexityOptions& options) {
  if (base != nullptr) {
    RETORT_RETURN_IF_ERROR(CheckWindow(*base, options.window));
    if (base->hyper().vocab != model.hyper().vocab) {
      return InvalidArgument(base->config().source + ": expected " + std::to_string(model.hyper().vocab) +
                             " tokens in the vocabulary, as " + model.config().source + " has, got " +
                             std::to_string(base->hyper().vocab) + "; compare models that share a tokenizer");
    }
  }
  RETORT_ASSIGN_OR_RETURN(TextWindows windows, TextWindows::Of(model, text, options));
  PerplexitySums sums(base != nullptr);
  size_t scored = 0;
  std::vector<int32_t> window;
  while (options.tokens == 0 || scored < options.tokens) {
    RETORT_ASSIGN_OR_RETURN(const bool more, windows.Next(&window));
    if (!more) break;
    RETORT_ASSIGN_OR_RETURN(const std::vector<TokenScore> scores, ScoreWindow(model, base, window, windows.first()));
    for (const TokenScore& score : scores) sums.Add(score);
    scored += scores.size();
    if (options.progress) options.progress(sums.Figures());
  }
  return sums.Figures();
}

}  // namespace retort
