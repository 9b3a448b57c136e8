#include "core/model/sparse_perplexity.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/model/logit_row.h"

namespace retort {
namespace {

/// ln p(token) at a temperature.
double LogLikelihood(std::span<const float> logits, int32_t token, double temperature) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp((static_cast<double>(logit) - most) / temperature);
  return (static_cast<double>(logits[static_cast<size_t>(token)]) - most) / temperature - std::log(sum);
}

/// One window: tokens [first, size) are foretold.
class WindowLoop {
 public:
  WindowLoop(Model& model, const SparsePerplexityOptions& options, const std::vector<int32_t>& window, size_t first)
      : model_(model), options_(options), window_(window), first_(first) {}

  /// Losses of the whole model; the others need them.
  Status Whole(RunningMean* loss) {
    RETORT_RETURN_IF_ERROR(Begin(window_.size() - 1, first_ - 1));
    whole_.assign(logits_.begin(), logits_.end());
    for (size_t at = first_; at < window_.size(); ++at) RETORT_RETURN_IF_ERROR(Add(WholeRow(at), at, loss));
    return {};
  }
  Status Sparse(RunningMean* loss) {
    RETORT_RETURN_IF_ERROR(Begin(first_ - 1, first_ - 1));
    for (size_t at = first_; at < window_.size(); ++at) {
      RETORT_RETURN_IF_ERROR(Foretell(at));
      RETORT_RETURN_IF_ERROR(Add(logits_, at, loss));
    }
    return {};
  }
  Status Corrected(RunningMean* loss, size_t* by_whole) {
    RETORT_RETURN_IF_ERROR(Begin(first_ - 1, first_ - 1));
    for (size_t at = first_; at < window_.size();) {
      RETORT_RETURN_IF_ERROR(Add(WholeRow(at), at, loss));
      ++*by_whole;
      RETORT_RETURN_IF_ERROR(RunWhole(at));
      const size_t end = std::min(window_.size(), ++at + options_.kernel - 1);
      for (; at < end; ++at) {
        RETORT_RETURN_IF_ERROR(Foretell(at));
        const double likelihood = LogLikelihood(WholeRow(at), FindPeak(logits_).token, options_.threshold_temperature);
        if (likelihood < std::log(options_.threshold)) break;  // the next kernel begins here
        RETORT_RETURN_IF_ERROR(Add(logits_, at, loss));
      }
    }
    return {};
  }

 private:
  /// The whole model over the first `count` tokens of the window.
  Status Begin(size_t count, size_t logits_first) {
    RETORT_ASSIGN_OR_RETURN(kv_, model_.CreateSequence());
    const ForwardItem item{kv_.get(), std::span(window_).first(count), logits_first};
    return count == 0 ? Status() : model_.Forward({&item, 1}, &logits_);
  }
  /// The whole model over what is missing before `at`, in place of what the part ran.
  Status RunWhole(size_t at) {
    RETORT_RETURN_IF_ERROR(kv_->Truncate(kv_->whole_length()));
    const size_t length = kv_->length();
    if (length >= at) return {};
    const ForwardItem item{kv_.get(), std::span(window_).subspan(length, at - length), at - length};
    return model_.Forward({&item, 1}, &logits_);
  }
  /// Logits of the part for token `at`.
  Status Foretell(size_t at) {
    const ForwardItem item{kv_.get(), std::span(window_).subspan(kv_->length(), at - kv_->length()),
                           at - kv_->length() - 1};
    return model_.ForwardPart({&item, 1}, options_.part, &logits_);
  }
  std::span<const float> WholeRow(size_t at) const {
    const size_t vocab = whole_.size() / (window_.size() - first_);
    return std::span(whole_).subspan((at - first_) * vocab, vocab);
  }
  Status Add(std::span<const float> logits, size_t at, RunningMean* loss) const {
    RETORT_ASSIGN_OR_RETURN(const TokenScore score, ScoreToken(logits, {}, window_[at]));
    loss->Add(score.loss);
    return {};
  }

  Model& model_;
  const SparsePerplexityOptions& options_;
  const std::vector<int32_t>& window_;
  const size_t first_;
  std::unique_ptr<KvSequence> kv_;
  std::span<const float> logits_;
  std::vector<float> whole_;
};

}  // namespace

Result<SparsePerplexity> MeasureSparsePerplexity(Model& model, TextTokens& text,
                                                 const SparsePerplexityOptions& options) {
  if (options.kernel < 2)
    return InvalidArgument("kernel: expected 2 tokens or more, one of them the whole model's, got " +
                           std::to_string(options.kernel));
  RETORT_ASSIGN_OR_RETURN(TextWindows windows, TextWindows::Of(model, text, options.text));
  RunningMean full, sparse, corrected;
  size_t by_whole = 0;
  std::vector<int32_t> window;
  while (options.text.tokens == 0 || full.count() < options.text.tokens) {
    RETORT_ASSIGN_OR_RETURN(const bool more, windows.Next(&window));
    if (!more) break;
    WindowLoop loop(model, options, window, windows.first());
    RETORT_RETURN_IF_ERROR(loop.Whole(&full));
    RETORT_RETURN_IF_ERROR(loop.Sparse(&sparse));
    RETORT_RETURN_IF_ERROR(loop.Corrected(&corrected, &by_whole));
    if (options.progress) options.progress(full.count());
  }
  SparsePerplexity result;
  result.tokens = full.count();
  result.full = PerplexityOf(full);
  result.sparse = PerplexityOf(sparse);
  result.corrected = PerplexityOf(corrected);
  result.by_whole = static_cast<double>(by_whole) / static_cast<double>(std::max<size_t>(1, corrected.count()));
  const double lost = sparse.mean().value - full.mean().value;
  result.recovery = lost > 0 ? (sparse.mean().value - corrected.mean().value) / lost : std::nan("");
  return result;
}

}  // namespace retort
