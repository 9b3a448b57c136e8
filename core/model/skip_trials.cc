#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/model/skip_search.h"

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kStride = 4;  // tokens from one measured draft to the next
constexpr int kTimings = 15;

int32_t Argmax(std::span<const float> row) {
  return static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

double Surprise(std::span<const float> row, int32_t token) {
  const float top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit - top));
  return std::log(sum) - static_cast<double>(row[static_cast<size_t>(token)] - top);
}

}  // namespace

double SkipCosts::Of(const LayerChoice& choice) const {
  const auto runs = [](const std::vector<bool>& parts) {
    return static_cast<double>(std::count(parts.begin(), parts.end(), true));
  };
  return base + attention * runs(choice.attention) + feed_forward * runs(choice.feed_forward);
}

Result<SkipTrials> SkipTrials::Create(Model& model, std::span<const std::vector<int32_t>> prompts,
                                      const SkipSearchOptions& options) {
  SkipTrials trials(model, options);
  RETORT_ASSIGN_OR_RETURN(trials.texts_, WriteTexts(model, prompts, options.tokens));
  RETORT_RETURN_IF_ERROR(trials.MeasureCosts());
  return trials;
}

Result<double> SkipTrials::TimeStep(const TimedStep& step) {
  const WrittenText& text = texts_.front();
  const std::vector<int32_t> run(step.tokens, text.tokens.back());
  auto kv = text.kv->Fork();
  const auto context = static_cast<size_t>(model_.hyper().context_length);
  RETORT_RETURN_IF_ERROR(kv->Truncate(std::min(kv->length(), context - std::min(step.tokens, context))));
  RETORT_RETURN_IF_ERROR(kv->Reserve(step.tokens));  // the copy of a shared page is no part of a step
  const ForwardItem item{kv.get(), run, 0};
  std::span<const float> logits;
  const Clock::time_point start = Clock::now();
  RETORT_RETURN_IF_ERROR(model_.ForwardPart({&item, 1}, step.choice, &logits));
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Median seconds of each, all in turn, so that a machine that slows down does so for all.
Result<std::vector<double>> SkipTrials::TimeSteps(std::span<const TimedStep> steps) {
  std::vector<std::vector<double>> seconds(steps.size());
  for (int round = 0; round < kTimings + 1; ++round) {
    for (size_t i = 0; i < steps.size(); ++i) {
      RETORT_ASSIGN_OR_RETURN(const double time, TimeStep(steps[i]));
      if (round > 0) seconds[i].push_back(time);
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& times : seconds) {
    std::nth_element(times.begin(), times.begin() + kTimings / 2, times.end());
    medians.push_back(times[kTimings / 2]);
  }
  return medians;
}

/// All layers are alike. What no layer costs is timed; what is left is shared out by what a step saves without all
/// attention, and without all feed-forward parts.
Status SkipTrials::MeasureCosts() {
  const int32_t layers = model_.hyper().layers;
  if (!options_.costs.empty()) {
    costs_ = {
        options_.costs[0], options_.costs[1], options_.costs[2], {options_.costs.begin() + 3, options_.costs.end()}};
    return {};
  }
  const LayerChoice all = LayerChoice::All(layers), none = LayerChoice::First(0, layers);
  std::vector<TimedStep> steps = {
      {none, 1}, {{none.attention, all.feed_forward}, 1}, {{all.attention, none.feed_forward}, 1}};
  const size_t first = steps.size();
  for (int32_t n = 1; n <= options_.longest + 1; ++n) steps.push_back({all, static_cast<size_t>(n)});
  RETORT_ASSIGN_OR_RETURN(const std::vector<double> times, TimeSteps(steps));
  const double whole = times[first];
  costs_.base = std::min(1.0, times[0] / whole);
  const double attention = std::max(1e-9, whole - times[1]), feed_forward = std::max(1e-9, whole - times[2]);
  costs_.attention = (1 - costs_.base) * attention / (attention + feed_forward) / layers;
  costs_.feed_forward = (1 - costs_.base) * feed_forward / (attention + feed_forward) / layers;
  // More tokens never cost less; what seems so is noise.
  for (size_t i = first; i < times.size(); ++i)
    costs_.steps.push_back(i == first ? 1 : std::max(costs_.steps.back(), times[i] / whole));
  return {};
}

std::vector<size_t> SkipTrials::Places(const WrittenText& text) const {
  std::vector<size_t> places;  // of the first token drafted
  for (size_t at = text.prompt + 1; at < text.tokens.size(); at += kStride) places.push_back(at);
  return places;
}

size_t SkipTrials::blocks() const {
  size_t count = 0;
  for (const WrittenText& text : texts_) count += Places(text).size();
  return count;
}

Status SkipTrials::MeasureText(const WrittenText& text, const LayerChoice& choice, std::vector<double>* reached,
                               std::vector<double>* tried, double* surprise, double* rows) {
  const auto vocab = static_cast<size_t>(model_.hyper().vocab);
  const std::span<const int32_t> tokens(text.tokens);
  std::vector<std::unique_ptr<KvSequence>> forks;
  std::vector<ForwardItem> items;
  const std::vector<size_t> places = Places(text);
  for (const size_t at : places) {
    const size_t length = std::min(static_cast<size_t>(options_.longest), tokens.size() - at);
    forks.push_back(text.kv->Fork());
    RETORT_RETURN_IF_ERROR(forks.back()->Truncate(at - 1));
    items.push_back({forks.back().get(), tokens.subspan(at - 1, length), 0});
  }
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model_.ForwardPart(items, choice, &logits));
  size_t row = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    bool right = true;
    for (size_t k = 0; k < items[i].tokens.size(); ++k, ++row) {
      const std::span<const float> guess = logits.subspan(row * vocab, vocab);
      const int32_t own = tokens[places[i] + k];
      right = right && Argmax(guess) == own;
      (*reached)[k] += right ? 1 : 0;
      (*tried)[k] += 1;
      *surprise += Surprise(guess, own);
    }
  }
  *rows += static_cast<double>(row);
  return {};
}

/// The length with the greatest speed-up: expected tokens over cost, reference (Leviathan et al., arXiv 2211.17192,
/// theorem 3.8), with the shares that were seen in place of powers of one rate.
void SkipTrials::ChooseLength(SkipFigures* figures) const {
  double tokens = 1;
  for (size_t k = 0; k < figures->accepted.size() && k + 1 < costs_.steps.size(); ++k) {
    tokens += figures->accepted[k];
    const auto length = static_cast<double>(k + 1);
    const double speed_up = tokens / (length * figures->draft_cost + costs_.steps[k + 1]);
    if (speed_up <= figures->speed_up) continue;
    figures->speed_up = speed_up;
    figures->draft_tokens = static_cast<int32_t>(k) + 1;
    figures->tokens_per_step = tokens;
    figures->step_cost = costs_.steps[k + 1];
  }
}

Result<SkipFigures> SkipTrials::Measure(const LayerChoice& choice) {
  std::vector<double> reached(static_cast<size_t>(options_.longest), 0), tried = reached;
  SkipFigures figures;
  double rows = 0;
  for (const WrittenText& text : texts_)
    RETORT_RETURN_IF_ERROR(MeasureText(text, choice, &reached, &tried, &figures.surprise, &rows));
  figures.surprise /= rows;
  // A text that ends early has no say about longer drafts.
  for (size_t k = 0; k < reached.size() && tried[k] > 0; ++k) figures.accepted.push_back(reached[k] / tried[k]);
  figures.draft_cost = costs_.Of(choice);
  ChooseLength(&figures);
  return figures;
}

}  // namespace retort
