// A target and a drafter over three tokens, and whole generations by blocks, so that the law of what comes out is known
// exactly and a million of them take a second.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/decode/acceptance.h"
#include "core/decode/draw_draft.h"
#include "plugins/shared/drafting/text_drafter.h"

namespace retort::testing {

enum class Drafter { kArgmax, kSampled, kNgram, kTree, kSampledTree, kCoupled, kText };

class SmallWorld {
 public:
  static constexpr size_t kVocab = 3, kLength = 3, kOutcomes = 27;

  SmallWorld(uint64_t seed, SamplingParams params) : sampler_(params), draft_sampler_(params) {
    size_t contexts = 0;
    for (size_t length = 0, count = 1; length <= kDeepest; ++length, count *= kVocab) contexts += count;
    for (uint64_t i = 0; i < contexts * kVocab; ++i) {
      target_.push_back(static_cast<float>(RandomUniform({seed, 1, 0, i, 0}) * 3));
      // A draft model is like its target, not the same.
      draft_.push_back(target_.back() + static_cast<float>(RandomUniform({seed, 2, 0, i, 0}) * 2 - 1));
    }
  }

  Acceptance acceptance;
  size_t draft_length = 2;                     // of chains
  drafting::TextDrafter* from_text = nullptr;  // kText: reads every record, and so may learn from the run

  /// The law of the first three tokens, by their index in base 3.
  std::vector<double> Law() {
    std::vector<double> law(kOutcomes);
    for (size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      double p = 1;
      std::vector<int32_t> tokens = {kPrompt};
      for (size_t divisor = kOutcomes / kVocab; divisor > 0; divisor /= kVocab) {
        std::vector<float> row;
        Expect(sampler_.Probabilities(Row(target_, tokens), tokens, &row));
        tokens.push_back(static_cast<int32_t>(outcome / divisor % kVocab));
        p *= static_cast<double>(row[static_cast<size_t>(tokens.back())]);
      }
      law[outcome] = p;
    }
    return law;
  }

  /// Count what `count` records generate, each under its own key.
  std::vector<uint64_t> Generate(Drafter drafter, uint64_t count, uint64_t first = 0) {
    std::vector<uint64_t> counts(kOutcomes);
    for (uint64_t record = first; record < first + count; ++record) {
      std::vector<int32_t>& tokens = sequence_;
      tokens.assign(1, kPrompt);
      while (tokens.size() < 1 + kLength) Block(drafter, {7, record, tokens.size()}, tokens);
      ++counts[static_cast<size_t>(tokens[1] * 9 + tokens[2] * 3 + tokens[3])];
    }
    return counts;
  }

  /// Draft and verify once.
  void Block(Drafter drafter, const BlockChance& chance, std::vector<int32_t>& tokens) {
    draft_tokens_.clear();
    parents_.clear();
    q_.clear();
    switch (drafter) {
      case Drafter::kTree:
      case Drafter::kSampledTree: GrowTree(drafter == Drafter::kSampledTree, chance, tokens); break;
      case Drafter::kText: GuessChain(tokens); break;
      default: GrowChain(drafter, chance, tokens);
    }
    DraftBlock block{draft_tokens_, parents_, q_};
    logits_.clear();
    for (int32_t node = -1; node < static_cast<int32_t>(block.size()); ++node) {
      const std::span<const float> row = Row(target_, TokensAt(block, node, tokens));
      logits_.insert(logits_.end(), row.begin(), row.end());
    }
    TargetRows rows(sampler_, logits_, kVocab, tokens);
    Expect(VerifyDraft(acceptance, block, chance, rows, &verdict_));
    for (const int32_t node : verdict_.path) tokens.push_back(draft_tokens_[static_cast<size_t>(node)]);
    tokens.push_back(verdict_.token);
    drafted += block.size() > 0 ? 1 : 0;
    first_accepted += verdict_.path.empty() ? 0 : 1;
  }

  uint64_t drafted = 0, first_accepted = 0;  // blocks, and those whose first token stood
  std::span<const float> TargetLogits(std::span<const int32_t> tokens) const { return Row(target_, tokens); }
  std::span<const float> DraftLogits(std::span<const int32_t> tokens) const { return Row(draft_, tokens); }

 private:
  static constexpr size_t kDeepest = 8;
  static constexpr int32_t kPrompt = 1;

  static void Expect(const Status& status) {
    if (!status.ok()) std::abort();
  }

  static std::span<const float> Row(const std::vector<float>& table, std::span<const int32_t> tokens) {
    size_t index = 0;
    for (const int32_t token : tokens.subspan(1)) index = index * kVocab + static_cast<size_t>(token) + 1;
    return std::span(table).subspan(index % (table.size() / kVocab) * kVocab, kVocab);
  }

  const std::vector<int32_t>& TokensAt(const DraftBlock& block, int32_t node, std::span<const int32_t> tokens) {
    at_.assign(tokens.begin(), tokens.end());
    for (; node >= 0; node = block.parent(static_cast<size_t>(node)))
      at_.insert(at_.begin() + static_cast<std::ptrdiff_t>(tokens.size()), block.tokens[static_cast<size_t>(node)]);
    return at_;
  }

  void GrowChain(Drafter drafter, const BlockChance& chance, const std::vector<int32_t>& tokens) {
    chain_ = tokens;
    for (size_t i = 0; i < draft_length; ++i) {
      int32_t token = 0;
      if (drafter == Drafter::kNgram) {
        token = (chain_.back() * 2 + static_cast<int32_t>(chain_.size())) % static_cast<int32_t>(kVocab);
      } else if (drafter == Drafter::kCoupled) {
        token = *draft_sampler_.Sample(Row(draft_, chain_), chain_, chance.Token(chain_.size()));
      } else if (drafter == Drafter::kArgmax) {
        const std::span<const float> row = Row(draft_, chain_);
        token = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
      } else {
        token = Draw(chance.Draft(i), {});
      }
      draft_tokens_.push_back(token);
      chain_.push_back(token);
    }
  }

  void GuessChain(const std::vector<int32_t>& tokens) {
    if (tokens.size() == 1) memory_ = from_text->NewMemory();
    from_text->Read(*memory_, tokens);
    draft_tokens_ = from_text->Continue(*memory_, {tokens}, draft_length).tokens;
  }

  int32_t Draw(double u, std::span<const int32_t> siblings) {
    const int32_t token =
        *DrawDraft(draft_sampler_, Row(draft_, chain_), chain_, u, siblings, acceptance.fault, &q_row_);
    if (token >= 0) q_.insert(q_.end(), q_row_.begin(), q_row_.end());
    return token;
  }

  /// Two levels of two children each.
  void GrowTree(bool sampled, const BlockChance& chance, const std::vector<int32_t>& tokens) {
    for (int32_t node = -1; node < static_cast<int32_t>(draft_tokens_.size()) && node < 2; ++node) {
      chain_ = TokensAt({draft_tokens_, parents_, {}}, node, tokens);
      std::vector<int32_t> siblings;
      const std::span<const float> row = Row(draft_, chain_);
      for (size_t i = 0; i < 2; ++i) {
        int32_t token = -1;
        if (sampled) {
          token = Draw(chance.Draft(draft_tokens_.size()), siblings);
        } else {
          for (int32_t t = 0; t < static_cast<int32_t>(kVocab); ++t) {
            const bool taken = std::find(siblings.begin(), siblings.end(), t) != siblings.end();
            if (!taken && (token < 0 || row[static_cast<size_t>(t)] > row[static_cast<size_t>(token)])) token = t;
          }
        }
        if (token < 0) continue;
        siblings.push_back(token);
        draft_tokens_.push_back(token);
        parents_.push_back(node);
      }
    }
  }

  Sampler sampler_, draft_sampler_;
  std::vector<float> target_, draft_, logits_, q_, q_row_;
  std::vector<int32_t> sequence_, draft_tokens_, parents_, chain_, at_;
  std::unique_ptr<drafting::TextDrafter::Memory> memory_;
  Verdict verdict_;
};

}  // namespace retort::testing
