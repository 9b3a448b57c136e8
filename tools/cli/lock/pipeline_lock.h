// The lock of a pipeline: which plugin files gave its stages, and which files its models, by SHA-256. It tells that
// something changed since; it is no guard against a hostile plugin, which is loaded before the pipeline is read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include <nlohmann/json.hpp>

#include "core/graph/pipeline.h"

namespace retort::cli {

/// PIPELINE.lock.
std::string LockPath(const std::string& pipeline_file);

/// What is there now: {retort_lock, pipeline, stages: {NAME: {uses, plugin, sha256}}, models: {NAME: {source, files:
/// {NAME: {bytes, sha256}}}}}. No path is in it, so that it holds on other machines. Errors: a file that cannot be
/// read, a model that is not here.
Result<nlohmann::ordered_json> MakeLock(const PipelineDescription& pipeline);

enum class LockUse { kIfThere, kRequired, kIgnored };
enum class LockScope { kPlugins, kPluginsAndModels };

/// Compare with the lock beside the pipeline. Errors: kNotFound where one is required and there is none, kDataLoss for
/// a file that is no lock, kInvalidArgument with every difference: what was locked, what is there, and how to go on.
Status CheckLock(const PipelineDescription& pipeline, const std::string& pipeline_file, LockUse use, LockScope scope);

/// --locked and --no-lock.
void AddLockOptions(CLI::App& command, LockUse* use);

}  // namespace retort::cli
