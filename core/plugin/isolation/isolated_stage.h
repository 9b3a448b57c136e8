// A stage that runs in a process of its own: what its plugin does to that costs the call it was in, and no more.
// core/design/011-plugin-abi.md says what is guaranteed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/plugin/descriptor.h"
#include "core/plugin/isolation/messages.h"
#include "core/plugin/isolation/stage_process.h"
#include "core/plugin/stage_body.h"

namespace retort {

/// So many processes in a row may end without one call having ended; then no more are started.
inline constexpr int kMaxDeathsInARow = 3;

struct IsolationOptions {
  std::chrono::milliseconds timeout{0};             // of create, open, close and each call; 0: none
  std::string program = DefaultStageHostProgram();  // retort-stage-host
};

class IsolatedStage final : public StageBody {
 public:
  /// Start a process and create the stage there. `config` names no models. `descriptor` must outlive the stage.
  /// Errors: those of StageProcess and of the plugin's create, with the stage's name put before them.
  static Result<std::unique_ptr<IsolatedStage>> Create(const StageDescriptor& descriptor, StageConfig config,
                                                       IsolationOptions options = {});

  Status Open() override;
  /// What the stage did is done here as its call ends, all of it; where the process ends first, nothing of it is.
  Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) override;
  Status Close(bool cut_short) override;

 private:
  IsolatedStage(const StageDescriptor& descriptor, StageConfig config, IsolationOptions options);
  Status Start();
  Status Restart();
  Status Ask(std::string_view request);
  Status Named(const Status& status) const;
  Status Mourn(const Status& how);
  Status Apply(Answer& answer, StageContext& context, std::span<Record* const> given, bool* end);

  const StageDescriptor& descriptor_;
  const StageConfig config_;
  const IsolationOptions options_;
  std::unique_ptr<StageProcess> process_;  // null: the last one has ended
  int deaths_ = 0;                         // in a row
  Status last_death_;
};

}  // namespace retort
