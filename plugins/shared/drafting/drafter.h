// What every source of drafts is to the `draft` stage.
#pragma once

#include <retort/sdk.h>

#include <algorithm>
#include <span>

namespace drafting {

/// How many of `max_tokens` tokens in a row are worth drafting: the verifier adds one to those that it accepts, so that
/// the last one allowed need not be drafted.
inline size_t UsefulLength(const retort::sdk::SequenceView& sequence, size_t max_tokens) {
  if (sequence.max_tokens < 0) return max_tokens;  // the first verification sets the limit
  const size_t limit = static_cast<size_t>(sequence.max_tokens), generated = sequence.generated().size();
  return limit > generated ? std::min(max_tokens, limit - generated - 1) : 0;
}

class Drafter {
 public:
  virtual ~Drafter() = default;

  /// Give every record a draft (an empty one where there is nothing to guess); `outcomes[i]` says why record i has
  /// none, which fails it. What only makes a draft shorter is counted instead. An error returned fails every record.
  virtual retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                               std::span<retort::Status> outcomes) = 0;
  /// Once, after the last Draft: Stage::Close.
  virtual retort::Status Close(retort::sdk::Ending) { return {}; }
};

}  // namespace drafting
