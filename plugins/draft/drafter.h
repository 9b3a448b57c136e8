// What every source of drafts is to the `draft` stage.
#pragma once

#include <retort/sdk.h>

#include <span>

namespace drafting {

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
