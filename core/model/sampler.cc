#include "core/model/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace retort {
namespace {

/// NaN never wins; ties go to the smaller id. -1: nothing above -inf.
int32_t ArgMax(std::span<const float> logits) {
  // Two passes: a maximum the compiler vectorises, then its first place.
  float largest = -std::numeric_limits<float>::infinity();
  for (const float value : logits) largest = value > largest ? value : largest;
  if (!(largest > -std::numeric_limits<float>::infinity())) return -1;
  return static_cast<int32_t>(std::find(logits.begin(), logits.end(), largest) - logits.begin());
}

Status Broken(std::span<const float> logits) {
  if (logits.empty()) return InvalidArgument("logits: expected at least one value, got an empty row");
  return Internal("logits: every value is NaN or -inf; the model file is damaged or its type is not what it says");
}

bool MoreLikely(const TokenProbability& a, const TokenProbability& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
}

/// Keep the first `count` of the most likely, sorted.
void KeepLargest(std::vector<TokenProbability>& items, size_t count) {
  if (count < items.size()) {
    std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count), items.end(), MoreLikely);
    items.resize(count);
  }
  std::sort(items.begin(), items.end(), MoreLikely);
}

void Normalise(std::vector<TokenProbability>& items) {
  double total = 0;
  for (const auto& item : items) total += item.probability;
  for (auto& item : items) item.probability = static_cast<float>(item.probability / total);
}

/// Cut to the smallest prefix (most likely first) with at least `top_p` of the mass.
void CutTopP(std::vector<TokenProbability>& items, double top_p) {
  double total = 0, sum = 0;
  for (const auto& item : items) total += item.probability;
  // Sorting all of a large vocabulary is the cost here; the nucleus is nearly always among the first few hundred.
  for (size_t part = std::min<size_t>(256, items.size());; part = std::min(part * 8, items.size())) {
    std::partial_sort(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(part), items.end(), MoreLikely);
    sum = 0;
    for (size_t i = 0; i < part; ++i) {
      sum += items[i].probability;
      if (sum >= top_p * total) {
        items.resize(i + 1);
        return;
      }
    }
    if (part == items.size()) return;
  }
}

}  // namespace

Status SamplingParams::Check() const {
  const auto bad = [](const char* name, const char* expected, double got) {
    return InvalidArgument(std::string(name) + ": expected " + expected + ", got " + std::to_string(got));
  };
  if (!(temperature >= 0) || std::isinf(temperature)) return bad("temperature", "0 (argmax) or more", temperature);
  if (top_k < 0) return bad("top_k", "0 (all) or more", top_k);
  if (!(top_p > 0 && top_p <= 1)) return bad("top_p", "a value above 0 and up to 1", top_p);
  if (!(min_p >= 0 && min_p <= 1)) return bad("min_p", "a value from 0 to 1", min_p);
  if (!(repetition_penalty > 0) || std::isinf(repetition_penalty))
    return bad("repetition_penalty", "a value above 0", repetition_penalty);
  if (repetition_window < -1) return bad("repetition_window", "-1 (all), or 0 or more tokens", repetition_window);
  return {};
}

std::span<const float> Sampler::Penalise(std::span<const float> logits, std::span<const int32_t> history) {
  if (params_.repetition_penalty == 1 || params_.repetition_window == 0 || history.empty()) return logits;
  const size_t window = params_.repetition_window < 0
                            ? history.size()
                            : std::min(history.size(), static_cast<size_t>(params_.repetition_window));
  penalised_.assign(logits.begin(), logits.end());
  const auto penalty = static_cast<float>(params_.repetition_penalty);
  for (const int32_t token : history.last(window)) {
    if (token < 0 || static_cast<size_t>(token) >= logits.size()) continue;
    // From the original value, so that a token seen twice is penalised once.
    const float value = logits[static_cast<size_t>(token)];
    penalised_[static_cast<size_t>(token)] = value > 0 ? value / penalty : value * penalty;
  }
  return penalised_;
}

Status Sampler::Distribution(std::span<const float> logits, std::span<const int32_t> history,
                             std::vector<TokenProbability>* out) {
  out->clear();
  const std::span<const float> row = Penalise(logits, history);
  const int32_t best = ArgMax(row);
  if (best < 0) return Broken(logits);
  const float largest = row[static_cast<size_t>(best)];
  if (params_.temperature == 0 || std::isinf(largest)) {
    out->push_back({best, 1.0f});
    return {};
  }
  const auto inverse = static_cast<float>(1 / params_.temperature);
  out->reserve(row.size());
  for (size_t i = 0; i < row.size(); ++i) {
    const float weight = std::exp((row[i] - largest) * inverse);
    if (weight > 0) out->push_back({static_cast<int32_t>(i), weight});
  }
  if (params_.top_k > 0 && static_cast<size_t>(params_.top_k) < out->size())
    KeepLargest(*out, static_cast<size_t>(params_.top_k));
  if (params_.top_p < 1) CutTopP(*out, params_.top_p);
  if (params_.min_p > 0)
    std::erase_if(*out, [&](const TokenProbability& item) { return item.probability < params_.min_p; });
  Normalise(*out);
  return {};
}

Result<int32_t> Sampler::Sample(std::span<const float> logits, std::span<const int32_t> history, double u) {
  if (params_.temperature == 0) {
    const int32_t best = ArgMax(Penalise(logits, history));
    if (best < 0) return Broken(logits);
    return best;
  }
  RETORT_RETURN_IF_ERROR(Distribution(logits, history, &scratch_));
  double sum = 0;
  for (const auto& item : scratch_) {
    sum += item.probability;
    if (u < sum) return item.token;
  }
  return scratch_.back().token;  // rounding left the sum below u
}

}  // namespace retort
