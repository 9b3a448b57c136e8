#include "core/model/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "core/model/logit_row.h"

namespace retort {
namespace {

Status CheckRow(std::span<const float> logits, const RowPeak& peak) {
  if (logits.empty()) return InvalidArgument("logits: expected at least one value, got an empty row");
  if (!peak.sound) return Internal("logits: a value is NaN or infinite; is the model file damaged?");
  if (peak.token < 0) return Internal("logits: every value is -inf; is the model file damaged?");
  return {};
}

/// The order of the most likely first; ties go to the smaller id.
struct MoreLikely {
  std::span<const float> logits;
  bool operator()(const TokenProbability& a, const TokenProbability& b) const {
    const float x = logits[static_cast<size_t>(a.token)], y = logits[static_cast<size_t>(b.token)];
    return x != y ? x > y : a.token < b.token;
  }
};

/// The `count` most likely tokens, sorted, with their weights. A heap keeps the best so far; blocks without anything
/// better are passed over at the cost of their maximum.
void TakeTop(std::span<const float> logits, std::span<const float> weights, size_t count,
             std::vector<TokenProbability>* out) {
  constexpr size_t kBlock = 64;
  const MoreLikely before{logits};
  for (size_t begin = 0; begin < logits.size(); begin += kBlock) {
    const size_t end = std::min(begin + kBlock, logits.size());
    if (out->size() == count) {
      const float least = logits[static_cast<size_t>(out->front().token)];
      bool better = false;
      for (size_t i = begin; i < end; ++i) better |= logits[i] > least;
      if (!better) continue;
    }
    for (size_t i = begin; i < end; ++i) {
      const TokenProbability item{static_cast<int32_t>(i), weights[i]};
      if (out->size() == count) {
        if (!before(item, out->front())) continue;
        std::pop_heap(out->begin(), out->end(), before);
        out->back() = item;
      } else {
        out->push_back(item);
      }
      std::push_heap(out->begin(), out->end(), before);
    }
  }
  std::sort_heap(out->begin(), out->end(), before);
  std::erase_if(*out, [](const TokenProbability& item) { return item.probability <= 0; });
}

/// Tokens with a weight of at least `least`, and above 0, by id.
void TakeAbove(std::span<const float> weights, float least, std::vector<TokenProbability>* out) {
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] >= least && weights[i] > 0) out->push_back({static_cast<int32_t>(i), weights[i]});
  }
}

/// Tokens that are sure to hold the most likely ones with the mass `top_p`, sorted; returns the mass of all tokens.
/// One pass sums the weights by their power of two, so that only the likely ones need to be sorted.
double TakeNucleus(std::span<const float> logits, std::span<const float> weights, double top_p,
                   std::vector<TokenProbability>* out) {
  std::array<double, 256> mass = {};
  for (const float weight : weights) mass[std::bit_cast<uint32_t>(weight) >> 23] += static_cast<double>(weight);
  double total = 0, kept = 0;
  for (size_t i = mass.size(); i-- > 0;) total += mass[i];
  size_t power = mass.size();
  // A little more than asked for, since the sums here run in another order than the cut's.
  while (power > 1 && kept <= total * (top_p + 1e-9)) kept += mass[--power];
  TakeAbove(weights, std::bit_cast<float>(static_cast<uint32_t>(power) << 23), out);
  std::sort(out->begin(), out->end(), MoreLikely{logits});
  return total;
}

/// Keep the smallest prefix with at least `mass`.
void CutMass(double mass, std::vector<TokenProbability>* items) {
  double sum = 0;
  for (size_t i = 0; i < items->size(); ++i) {
    sum += static_cast<double>((*items)[i].probability);
    if (sum >= mass) {
      items->resize(i + 1);
      return;
    }
  }
}

double Total(const std::vector<TokenProbability>& items) {
  double total = 0;
  for (const auto& item : items) total += static_cast<double>(item.probability);
  return total;
}

/// The first weight whose cumulative sum exceeds u * total; sums block by block, so that most weights are only summed.
int32_t Draw(std::span<const float> weights, double u) {
  constexpr size_t kBlock = 1024;
  double rest = u * SumWeights(weights);
  int32_t last = 0;
  for (size_t begin = 0; begin < weights.size(); begin += kBlock) {
    const std::span<const float> block = weights.subspan(begin, std::min(kBlock, weights.size() - begin));
    const double sum = SumWeights(block);
    const bool here = rest < sum;
    if (here || begin + kBlock >= weights.size()) {
      for (size_t i = 0; i < block.size(); ++i) {
        if (block[i] <= 0) continue;
        last = static_cast<int32_t>(begin + i);
        if (rest < static_cast<double>(block[i])) return last;
        rest -= static_cast<double>(block[i]);
      }
      if (here) return last;  // rounding left the sum of the block's weights below
    }
    rest -= sum;
  }
  return last;
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
  for (const auto& [token, bias] : logit_bias) {
    if (token < 0) return bad("logit_bias", "tokens from 0", token);
    if (std::isnan(bias) || bias == std::numeric_limits<float>::infinity())
      return bad("logit_bias", "finite values or -inf", static_cast<double>(bias));
  }
  for (const int32_t token : allowed) {
    if (token < 0) return bad("allowed", "tokens from 0", token);
  }
  return {};
}

void Sampler::Penalise(std::span<const int32_t> history) {
  const size_t window = params_.repetition_window < 0
                            ? history.size()
                            : std::min(history.size(), static_cast<size_t>(params_.repetition_window));
  const auto penalty = static_cast<float>(params_.repetition_penalty);
  history = history.last(window);
  for (size_t i = 0; i < history.size(); ++i) {
    const int32_t token = history[i];
    if (token < 0 || static_cast<size_t>(token) >= adjusted_.size() || seen_[static_cast<size_t>(token)] != 0) continue;
    seen_[static_cast<size_t>(token)] = 1;  // a token seen twice is penalised once
    float& value = adjusted_[static_cast<size_t>(token)];
    value = value > 0 ? value / penalty : value * penalty;
  }
  for (const int32_t token : history) {
    if (token >= 0 && static_cast<size_t>(token) < adjusted_.size()) seen_[static_cast<size_t>(token)] = 0;
  }
}

Result<std::span<const float>> Sampler::Adjust(std::span<const float> logits, std::span<const int32_t> history) {
  const auto place = [&](const char* name, int32_t token) -> Result<size_t> {
    if (token >= 0 && static_cast<size_t>(token) < logits.size()) return static_cast<size_t>(token);
    return InvalidArgument(std::string(name) + ": expected tokens from 0 to " + std::to_string(logits.size() - 1) +
                           ", got " + std::to_string(token));
  };
  const bool penalise = params_.repetition_penalty != 1 && params_.repetition_window != 0 && !history.empty();
  if (logits.empty() || (!penalise && params_.logit_bias.empty() && params_.allowed.empty())) return logits;
  adjusted_.assign(logits.begin(), logits.end());
  for (const auto& [token, bias] : params_.logit_bias) {
    RETORT_ASSIGN_OR_RETURN(const size_t at, place("logit_bias", token));
    adjusted_[at] += bias;
  }
  if (penalise) {
    seen_.resize(logits.size());
    Penalise(history);
  }
  if (params_.allowed.empty()) return std::span<const float>(adjusted_);
  masked_.assign(logits.size(), -std::numeric_limits<float>::infinity());
  for (const int32_t token : params_.allowed) {
    RETORT_ASSIGN_OR_RETURN(const size_t at, place("allowed", token));
    masked_[at] = adjusted_[at];
  }
  if (FindPeak(masked_).token < 0) return InvalidArgument("logit_bias and allowed leave no token that may come");
  return std::span<const float>(masked_);
}

Status Sampler::Weigh(std::span<const float> logits, std::span<const int32_t> history, Row* row) {
  RETORT_ASSIGN_OR_RETURN(row->logits, Adjust(logits, history));
  const RowPeak peak = FindPeak(row->logits);
  RETORT_RETURN_IF_ERROR(CheckRow(logits, peak));
  row->best = peak.token;
  if (params_.temperature == 0) return {};
  weights_.resize(row->logits.size());
  // Temperatures near 0 leave the largest logit alone, and must not multiply its 0 by infinity.
  const auto inverse = static_cast<float>(std::min(1 / params_.temperature, 1e30));
  ExpWeights(row->logits, peak.logit, inverse, weights_.data());
  return {};
}

void Sampler::Cut(const Row& row, std::vector<TokenProbability>* out) const {
  const bool top_k = params_.top_k > 0 && static_cast<size_t>(params_.top_k) < weights_.size();
  if (top_k) {
    TakeTop(row.logits, weights_, static_cast<size_t>(params_.top_k), out);
    if (params_.top_p < 1) CutMass(params_.top_p * Total(*out), out);
  } else if (params_.top_p < 1) {
    const double total = TakeNucleus(row.logits, weights_, params_.top_p, out);
    CutMass(params_.top_p * total, out);
  } else {
    TakeAbove(weights_, static_cast<float>(params_.min_p), out);
    return;
  }
  // The largest weight is 1, so that a weight is its share of the largest probability.
  const auto least = static_cast<float>(params_.min_p);
  std::erase_if(*out, [&](const TokenProbability& item) { return item.probability < least; });
}

Status Sampler::Distribution(std::span<const float> logits, std::span<const int32_t> history,
                             std::vector<TokenProbability>* out) {
  out->clear();
  Row row;
  RETORT_RETURN_IF_ERROR(Weigh(logits, history, &row));
  if (params_.temperature == 0) {
    out->push_back({row.best, 1.0f});
    return {};
  }
  Cut(row, out);
  const double total = Total(*out);
  for (auto& item : *out) item.probability = static_cast<float>(static_cast<double>(item.probability) / total);
  return {};
}

Status Sampler::Probabilities(std::span<const float> logits, std::span<const int32_t> history,
                              std::vector<float>* row) {
  if (params_.temperature == 0 || Cuts()) {
    RETORT_RETURN_IF_ERROR(Distribution(logits, history, &scratch_));
    row->assign(logits.size(), 0.0f);
    for (const TokenProbability& item : scratch_) (*row)[static_cast<size_t>(item.token)] = item.probability;
    return {};
  }
  Row adjusted;
  RETORT_RETURN_IF_ERROR(Weigh(logits, history, &adjusted));
  const double total = SumWeights(weights_);
  row->resize(weights_.size());
  std::transform(weights_.begin(), weights_.end(), row->begin(),
                 [&](float weight) { return static_cast<float>(static_cast<double>(weight) / total); });
  return {};
}

Result<int32_t> Sampler::Sample(std::span<const float> logits, std::span<const int32_t> history, double u) {
  Row row;
  RETORT_RETURN_IF_ERROR(Weigh(logits, history, &row));
  if (params_.temperature == 0) return row.best;
  if (!Cuts()) return Draw(weights_, u);
  scratch_.clear();
  Cut(row, &scratch_);
  double rest = u * Total(scratch_);
  for (const auto& item : scratch_) {
    if (rest < static_cast<double>(item.probability)) return item.token;
    rest -= static_cast<double>(item.probability);
  }
  return scratch_.back().token;  // rounding left the sum below u
}

}  // namespace retort
