#include "core/decode/law_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "core/decode/token_place.h"

namespace retort {
namespace {

constexpr size_t kForbiddenKept = 3;

/// The number that spreads a token over its share of [0, 1); of no key that decoding draws by.
double Spread(const GeneratedSequence& sequence, size_t position) {
  static const uint64_t stream = HashName("law-check");
  return RandomUniform({.record = HashName(sequence.id), .stream = stream, .position = position});
}

/// Tokens before `position` of the completion.
std::span<const int32_t> Before(const GeneratedSequence& sequence, size_t position) {
  return std::span(sequence.tokens).first(sequence.prompt_count + position);
}

}  // namespace

Status LawCheck::Add(Model& model, std::span<const GeneratedSequence> sequences) {
  std::vector<std::unique_ptr<KvSequence>> kv;
  std::vector<ForwardItem> items;
  std::vector<const GeneratedSequence*> scored;
  for (const GeneratedSequence& sequence : sequences) {
    if (sequence.tokens.size() <= sequence.prompt_count) continue;
    RETORT_ASSIGN_OR_RETURN(std::unique_ptr<KvSequence> own, model.CreateSequence());
    items.push_back(
        {own.get(), std::span(sequence.tokens).first(sequence.tokens.size() - 1), sequence.prompt_count - 1});
    kv.push_back(std::move(own));
    scored.push_back(&sequence);
  }
  if (items.empty()) return {};
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model.Forward(items, &logits));
  const auto vocab = static_cast<size_t>(model.hyper().vocab);
  for (const GeneratedSequence* const sequence : scored) {
    const size_t size = (sequence->tokens.size() - sequence->prompt_count) * vocab;
    RETORT_RETURN_IF_ERROR(AddSequence(*sequence, logits.first(size), vocab));
    logits = logits.subspan(size);
  }
  return {};
}

Status LawCheck::AddSequence(const GeneratedSequence& sequence, std::span<const float> logits, size_t vocab) {
  Sampler sampler(sequence.sampling);
  std::vector<float> p;
  std::vector<double> by_rank, by_hash;
  const bool sampled = sequence.sampling.temperature > 0;
  ++sequences_;
  for (size_t i = 0; i * vocab < logits.size(); ++i) {
    const std::span<const float> row = logits.subspan(i * vocab, vocab);
    RETORT_RETURN_IF_ERROR(sampler.Probabilities(row, Before(sequence, i), &p));
    const TokenPlace place = PlaceOf(p, sequence.tokens[sequence.prompt_count + i], Spread(sequence, i));
    if (place.probability == 0) RETORT_RETURN_IF_ERROR(AddForbidden(sequence, i, row, p));
    ++(sampled ? sampled_ : argmax_);
    by_rank.push_back(place.by_rank);
    by_hash.push_back(place.by_hash);
  }
  if (!sampled) return {};
  by_rank_.Add(by_rank);
  by_hash_.Add(by_hash);
  return {};
}

Status LawCheck::AddForbidden(const GeneratedSequence& sequence, size_t position, std::span<const float> logits,
                              std::span<const float> p) {
  SamplingParams uncut = sequence.sampling;
  uncut.temperature = 1;
  uncut.top_k = 0;
  uncut.top_p = 1;
  uncut.min_p = 0;
  std::vector<float> row;
  RETORT_RETURN_IF_ERROR(Sampler(std::move(uncut)).Probabilities(logits, Before(sequence, position), &row));
  float least = 1;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] > 0) least = std::min(least, row[i]);
  }
  const int32_t token = sequence.tokens[sequence.prompt_count + position];
  const auto own = static_cast<double>(row[static_cast<size_t>(token)]);
  const double missed =
      own > 0 ? std::max(0.0, std::log(static_cast<double>(least) / own)) : std::numeric_limits<double>::infinity();
  if (margin_ > 0 && missed <= margin_) {
    ++near_ties_;
    return {};
  }
  ++forbidden_count_;
  if (forbidden_.size() < kForbiddenKept) forbidden_.push_back({sequence.id, position, token, missed});
  return {};
}

std::vector<Cell> LawCheck::Cells() const {
  std::vector<Cell> cells = by_rank_.Cells(), others = by_hash_.Cells();
  cells.insert(cells.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  CorrectCells(&cells);
  return cells;
}

}  // namespace retort
