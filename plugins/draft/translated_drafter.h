// Drafts by a model with other tokens than the target's: a chain, carried over as text.
#pragma once

#include <string>
#include <vector>

#include "plugins/draft/drafted_text.h"
#include "plugins/draft/text_alignment.h"
#include "plugins/draft/vocabulary.h"
#include "plugins/shared/drafting/model_drafter.h"

namespace drafting {

/// The vocabulary of a model; the model must outlive it.
retort::Result<Vocabulary> ReadVocabulary(retort::sdk::Model model);

/// The sequence's text goes into tokens of the model (TextAlignment), the model drafts the argmax, and what it drafts
/// goes back into tokens of the target (DraftedText). The draft is a point mass, so that whatever gets lost on the way
/// costs acceptance and never changes the text. (Universal assisted generation of `transformers`; string-level exact
/// match of Timor et al., arXiv 2502.05202.)
///
/// `max_tokens` bounds both the tokens that the model drafts and those of the draft. Bias and allowed tokens of the
/// record are of the target and not known here; its repetition penalty goes by the model's own tokens.
class TranslatedDrafter final : public ModelDrafter {
 public:
  /// `context`: tokens that the model holds.
  TranslatedDrafter(ModelDrafterOptions options, size_t context, Vocabulary target, Vocabulary own);
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  struct Chain {
    retort::sdk::Record record;
    retort::sdk::Kv kv;
    std::vector<int32_t> history;  // of the model: the text, then what it drafts
    size_t length;                 // tokens of the draft at most
    size_t steps;                  // tokens of the model at most
    retort::sdk::Sampling sampling;
    DraftedText text;
    size_t outcome;
    std::vector<int32_t> tokens = {};  // the draft
    bool live() const { return steps > 0 && tokens.size() < length; }
  };
  retort::Result<Chain> BeginChain(retort::sdk::Context& context, const retort::sdk::Record& record, size_t outcome);
  retort::Status Step(retort::sdk::Context& context) override;
  retort::Status Draw(Chain& chain, std::span<const float> logits);

  const Vocabulary target_, own_;
  const std::string attachment_;
  std::vector<Chain> chains_;
};

}  // namespace drafting
