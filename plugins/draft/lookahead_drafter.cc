#include "plugins/draft/lookahead_drafter.h"

#include <algorithm>

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Record;
using retort::sdk::SequenceView;

Status LookaheadDrafter::Draft(Context&, std::span<const Record> records, std::span<Status> outcomes) {
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = DraftOne(records[i]);
  return {};
}

Status LookaheadDrafter::DraftOne(const Record& record) const {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(Memory* const memory,
                          record.AttachmentOr<Memory>(attachment_, [&] { return std::make_unique<Memory>(options_); }));
  const size_t depth = UsefulLength(sequence, options_.max_tokens);
  if (sequence.generated().empty() || depth == 0) return record.SetDraft({.drafter = "lookahead"});
  RETORT_RETURN_IF_ERROR(Learn(record, sequence, *memory));
  return SetDraft(record, sequence.tokens.back(), depth, *memory);
}

/// Take in what the target has said since: the text that came about, and its answers to the window.
Status LookaheadDrafter::Learn(const Record& record, const SequenceView& sequence, Memory& memory) const {
  std::vector<int32_t> answers(memory.window.size(), -1);
  if (const Result<std::span<const int32_t>> given = record.DraftAnswers(); given.ok()) {
    for (size_t i = 0; i < std::min(given->size(), memory.asked.size()); ++i) answers[memory.asked[i]] = (*given)[i];
  } else if (given.status().code() != retort::StatusCode::kNotFound) {
    return given.status();
  }
  for (size_t c = 0; c < answers.size(); ++c) {
    if (answers[c] < 0) continue;
    std::vector<int32_t> ngram(memory.window.column(c).begin(), memory.window.column(c).end());
    ngram.push_back(answers[c]);
    memory.pool.Add(ngram);
  }
  // What the text says is worth more than what a guess led to, so it comes last.
  const bool prompt = memory.read == 0;
  const size_t from = !prompt ? memory.read : options_.pool_from_prompt ? 0 : sequence.prompt_count;
  memory.pool.AddAll(sequence.tokens, from);
  memory.window.Move(sequence.tokens.size() - memory.read, answers, sequence.tokens, memory.pool);
  memory.read = sequence.tokens.size();
  return {};
}

/// Guesses come first: where the tree has to end early, the window does. It is verified whole or not at all, since a
/// window that is cut away is never made better.
Status LookaheadDrafter::SetDraft(const Record& record, int32_t last, size_t depth, Memory& memory) const {
  DraftTree tree(retort::sdk::kMaxTreeNodes - 1, depth);
  const std::span<const int32_t> tails = memory.pool.After(last);
  for (size_t at = 0; at < tails.size(); at += memory.pool.tail())
    tree.AddAll(DraftTree::kRoot, tails.subspan(at, memory.pool.tail()));
  std::vector<int32_t> nodes;
  memory.asked.clear();
  int32_t level0 = DraftTree::kRoot;
  for (size_t c = 0; c < memory.window.size(); ++c) {
    const std::span<const int32_t> column = memory.window.column(c);
    if (c > 0) level0 = tree.Add(level0, column.front());
    const int32_t top = tree.AddAll(level0, column.subspan(1));
    if (top == DraftTree::kNone) continue;
    nodes.push_back(top);
    memory.asked.push_back(c);
  }
  RETORT_RETURN_IF_ERROR(record.SetDraft({.kind = DraftKind::kTree,
                                          .tokens = tree.tokens(),
                                          .parents = tree.parents().data(),
                                          .drafter = "lookahead",
                                          .whole = true}));
  return record.AskDraft(nodes);
}

}  // namespace drafting
