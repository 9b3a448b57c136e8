#include "core/model/token_score.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/model/logit_row.h"

namespace retort {
namespace {

struct Normalised {
  int32_t peak = 0;
  double log_total = 0;  // ln of the sum of exp(logit): ln p = logit - log_total
};

Result<Normalised> Normalise(std::span<const float> logits) {
  const RowPeak peak = FindPeak(logits);
  if (!peak.sound || peak.token < 0) {
    return Internal("logits: expected finite values, got " +
                    std::string(peak.sound ? "a row of -inf" : "one that is NaN or infinite") +
                    "; is the model file damaged?");
  }
  const auto top = static_cast<double>(peak.logit);
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - top);
  return Normalised{peak.token, top + std::log(total)};
}

}  // namespace

Result<TokenScore> ScoreToken(std::span<const float> logits, std::span<const float> base, int32_t token) {
  const auto at = static_cast<size_t>(token);
  RETORT_ASSIGN_OR_RETURN(const Normalised row, Normalise(logits));
  TokenScore score;
  score.loss = row.log_total - static_cast<double>(logits[at]);
  if (base.empty()) return score;
  RETORT_ASSIGN_OR_RETURN(const Normalised base_row, Normalise(base));
  score.base_loss = base_row.log_total - static_cast<double>(base[at]);
  score.agrees = row.peak == base_row.peak;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double log_p = static_cast<double>(base[i]) - base_row.log_total;
    const double p = std::exp(log_p);
    // What is below the smallest number adds nothing, and -inf - -inf is no number.
    if (p > 0) score.divergence += p * (log_p - (static_cast<double>(logits[i]) - row.log_total));
  }
  score.divergence = std::max(0.0, score.divergence);  // the sum's rounding may fall below
  return score;
}

}  // namespace retort
