#include "core/graph/engine/stage.h"

#include <utility>

#include "core/graph/engine/call.h"

namespace retort {

Stage::Stage(StageOptions stage_options, std::unique_ptr<StageBody> stage_body, uint32_t stage_index)
    : options(std::move(stage_options)), body(std::move(stage_body)), index(stage_index), ports(options.outputs) {}

Stage::~Stage() = default;

StageLoad Stage::Load() {
  tbb::spin_mutex::scoped_lock lock(mutex);
  return {pending.count + (reorder ? reorder->waiting() : 0), running, ended};
}

StageStats Stage::Stats() {
  tbb::spin_mutex::scoped_lock lock(mutex);
  StageStats whole = stats;
  if (batches.count > 0) whole.samples["batch"] = batches;
  if (queues.count > 0) whole.samples["queue"] = queues;
  return whole;
}

}  // namespace retort
