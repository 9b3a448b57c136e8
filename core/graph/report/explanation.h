// One record's completion, told apart by who produced each token.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/record.h"

namespace retort {

/// A run of text by one producer, in valid UTF-8. A character that several tokens make up belongs to the last of them.
struct TextPiece {
  static constexpr size_t kTarget = static_cast<size_t>(-1);
  std::string text;
  size_t drafter = kTarget;  // index into Explanation::drafters
  size_t tokens = 0;
};

/// A step of the sequence: what was accepted, what the target wrote, and what was drafted in vain.
struct ExplainedStep {
  std::vector<TextPiece> pieces;
  std::string rejected;  // drafted tokens that were verified and not accepted; of a tree, in order of nodes
  size_t rejected_tokens = 0;
  size_t left_out_tokens = 0;  // drafted and not verified
  size_t drafter = TextPiece::kTarget;
};

struct Explanation {
  std::string id;
  std::vector<std::string> drafters;
  std::vector<ExplainedStep> steps;
  size_t target_tokens() const;
  size_t drafted_tokens(size_t drafter) const;  // accepted
};

/// Of a record that carries a generation and its provenance; special tokens show their text. Without either it has no
/// steps.
Explanation Explain(const Record& record);

}  // namespace retort
