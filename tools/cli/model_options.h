// The options by which commands say how a model computes, in the same words.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/model/model.h"

namespace retort::cli {

/// --weights and --precision; `precision` is a name for PrecisionOf.
void AddArithmetic(CLI::App& command, ModelConfig* model, std::string* precision,
                   const std::string& weights_text = "Convert matrices to this type");
void AddThreads(CLI::App& command, int* threads);
/// `exact` or `fast`.
Precision PrecisionOf(const std::string& name);

}  // namespace retort::cli
