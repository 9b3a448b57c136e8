// What a calibration of sparsity found, as text and as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/decode/sparse_calibration.h"

namespace retort::cli {

/// How a calibration was asked for.
struct SparseReportNames {
  std::string model, weights, profile;  // `profile`: its file, empty where none is written
};

/// A table of the best settings under each rule, the best of each in words with the options that make a pipeline run
/// it, or that plain decoding is faster.
std::string SparseReportText(const SparseCalibration& found, const SparseReportNames& names);

/// All settings that were tried, and the best.
nlohmann::ordered_json SparseReportJson(const SparseCalibration& found, const SparseReportNames& names);

}  // namespace retort::cli
