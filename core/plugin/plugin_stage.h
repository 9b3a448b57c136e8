// A stage behind the plugin ABI as the engine sees it. Owns the instance; its descriptor belongs to the registry.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin/descriptor.h"
#include "core/plugin/handles.h"
#include "core/plugin/stage_body.h"

namespace retort {

/// What the stage itself says of option values that are all right each for itself; needs no models. Errors: the
/// plugin's.
Status CheckStageOptions(const StageDescriptor& descriptor, StageConfig config);

/// What output `output`, or with -1 the input, carries under these option values; without a word of the stage's the
/// descriptor's payload. Needs no models. Errors: the plugin's.
Result<std::string> PayloadUnder(const StageDescriptor& descriptor, StageConfig config, int32_t output);

/// Whether the stage runs the model that `option` names, or only looks at it.
/// Errors: what the plugin says.
Result<bool> RunsModel(const StageDescriptor& descriptor, StageConfig config, const std::string& option);

struct OptionAdvice {
  std::string option;  // "" = the stage as a whole
  std::string message;
  std::string value;    // what the option had better be; "" = nothing in particular
  std::string because;  // the option by whose value it is so; "" = none
};

/// The stage's remarks on option values that it allows; needs no models. Errors: the plugin's, and kInternal where a
/// remark says nothing or names no option of the stage, or there are more than kMostAdvice.
Result<std::vector<OptionAdvice>> AdviceOn(const StageDescriptor& descriptor, StageConfig config);
inline constexpr uint32_t kMostAdvice = 100;

class PluginStage final : public StageBody {
 public:
  /// Create the plugin's instance from checked options. `descriptor` must outlive the stage.
  /// Errors: what the plugin's create says, with the stage's name put before it.
  static Result<std::unique_ptr<PluginStage>> Create(const StageDescriptor& descriptor, StageConfig config);
  ~PluginStage() override;

  Status Open() override;
  Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) override;
  Status Close(bool cut_short) override;

 private:
  PluginStage(const StageDescriptor& descriptor, StageConfig config);
  Status Named(const Status& status) const;

  const StageDescriptor& descriptor_;
  retort_config config_;
  void* instance_ = nullptr;
};

}  // namespace retort
