// `lookahead`: the target's own answers to guesses beyond the next token become the next guesses.
// Source: Fu et al., arXiv 2402.02057.
#pragma once

#include <string>
#include <vector>

#include "plugins/draft/draft_tree.h"
#include "plugins/draft/jacobi_window.h"
#include "plugins/draft/ngram_pool.h"
#include "plugins/shared/drafting/drafter.h"

namespace drafting {

struct LookaheadOptions {
  size_t window = 2;   // columns
  size_t ngram = 3;    // tokens of an n-gram; the window has one level less
  size_t guesses = 3;  // n-grams of the pool in a draft
  bool pool_from_prompt = true;
  size_t max_tokens = 8;  // depth of a draft

  /// Tokens of a draft at most, and its depth.
  size_t nodes() const { return window * (ngram - 1) - 1 + guesses * (ngram - 1); }
  size_t depth() const { return window + ngram - 3; }
};

/// A draft is a tree of two parts. Guesses: n-grams of the pool that begin with the text's last token. Window: level 0
/// is a chain after the text, and each of its tokens carries the levels above, so that the mask of the paper is that of
/// the tree's ancestors. The verifier says what the target puts after each column (AskDraft): that makes an n-gram for
/// the pool and renews the window. All tokens are chosen without chance, so the verifier's rule is exact whatever they
/// are.
class LookaheadDrafter final : public Drafter {
 public:
  LookaheadDrafter(LookaheadOptions options, const std::string& stage)
      : options_(options), attachment_("retort.draft.lookahead/" + stage) {}
  /// The first draft of a record is empty: its step runs the prompt, of which a tree would make two.
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  /// Of one record; hangs on it.
  struct Memory {
    explicit Memory(const LookaheadOptions& options)
        : pool(options.ngram, options.guesses), window(options.window, options.ngram - 1) {}
    NgramPool pool;
    JacobiWindow window;
    size_t read = 0;            // tokens of the text
    std::vector<size_t> asked;  // columns
  };
  retort::Status DraftOne(const retort::sdk::Record& record) const;
  retort::Status Learn(const retort::sdk::Record& record, const retort::sdk::SequenceView& sequence,
                       Memory& memory) const;
  retort::Status SetDraft(const retort::sdk::Record& record, int32_t last, size_t depth, Memory& memory) const;

  const LookaheadOptions options_;
  const std::string attachment_;
};

}  // namespace drafting
