// Finds how a model is best made sparse and corrected by itself, by what it measures on this machine.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/sparse_profile.h"
#include "core/model/written_text.h"

namespace retort {

struct SparseCalibrationOptions {
  std::vector<SparsityKind> kinds = {SparsityKind::kCoarse, SparsityKind::kFine};
  std::vector<double> densities = {0.3, 0.5, 0.7, 0.85};  // that the loop is tried with
  // That a layer is tried at alone, ascending, in (0, 1). Uneven densities need some below their mean.
  std::vector<double> layer_densities = {0.15, 0.3, 0.5, 0.7, 0.85};
  std::vector<int32_t> periods = {2, 4, 8, 16};
  std::vector<std::optional<double>> rules = {std::nullopt, 0.05, 0.1, 0.3};  // thresholds; none: lossless
  int32_t tokens = 48;                                                        // that the model writes to each prompt
  int32_t trial_tokens = 32;  // that a setting decodes of each text, about
  double seconds = 300;       // measured at most, about; a few tokens for the sensitivities and what fits of the trials
  std::function<void(const std::string& what)> progress;

  /// A coarser grid, in a minute.
  static SparseCalibrationOptions Quick();
};

struct SparseCalibration {
  SparseProfile profile;  // all but made_for.model and weights; trials by rule, those left at the end first, by speed
  size_t texts = 0;
  int64_t sensitivity_tokens = 0;  // that each sensitivity is a mean over
  size_t untried = 0;              // settings that time left out
  double plain_seconds = 0;        // of a step of plain decoding, median
};

/// The model writes texts to `prompts` by argmax, and its gates and layers are measured over them: thresholds of each
/// layer and its sensitivity. Then settings of the loop of Sirius compete, one sequence at a time: each decodes the
/// beginning of a text, a step of plain decoding timed beside each of its periods; after every text the slower half
/// under each rule is left behind. Errors: kUnsupported where the device lacks the kernels, kInvalidArgument where no
/// prompt leaves a text, those of Forward.
Result<SparseCalibration> CalibrateSparsity(Model& model, std::span<const std::vector<int32_t>> prompts,
                                            const SparseCalibrationOptions& options);

}  // namespace retort
