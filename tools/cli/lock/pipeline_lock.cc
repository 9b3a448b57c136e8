#include "tools/cli/lock/pipeline_lock.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <vector>

#include "core/base/text_file.h"
#include "core/model/model.h"
#include "tools/cli/lock/sha256.h"

namespace retort::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kLockVersion = 1;
constexpr size_t kMostLockBytes = 1 << 24;

/// Hashes of files, each read once.
class Hashes {
 public:
  Result<FileHash> Of(const std::string& path) {
    const auto known = hashes_.find(path);
    if (known != hashes_.end()) return known->second;
    RETORT_ASSIGN_OR_RETURN(FileHash hash, HashFile(path));
    return hashes_[path] = std::move(hash);
  }

 private:
  std::map<std::string, FileHash> hashes_;
};

Result<Json> StageEntry(const StageDescription& stage, Hashes& hashes) {
  const std::string& path = stage.descriptor->plugin_path;
  RETORT_ASSIGN_OR_RETURN(const FileHash hash, hashes.Of(path));
  return Json{{"uses", stage.uses}, {"plugin", fs::path(path).filename().string()}, {"sha256", hash.sha256}};
}

/// The model's file; of a folder what is read of it.
std::vector<fs::path> FilesOf(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path extension = entry->path().extension();
    if (extension == ".json" || extension == ".safetensors") files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Json> ModelEntry(const ModelDescription& model, Hashes& hashes) {
  RETORT_ASSIGN_OR_RETURN(const std::string path, ResolveModelSource(model.config.source));
  Json files = Json::object();
  for (const fs::path& file : FilesOf(path)) {
    RETORT_ASSIGN_OR_RETURN(const FileHash hash, hashes.Of(file.string()));
    files[file.filename().string()] = {{"bytes", hash.bytes}, {"sha256", hash.sha256}};
  }
  return Json{{"source", model.config.source}, {"files", std::move(files)}};
}

std::set<std::string> UsedModels(const PipelineDescription& pipeline) {
  std::set<std::string> used;
  for (const StageDescription& stage : pipeline.stages) used.insert(stage.models.begin(), stage.models.end());
  return used;
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What differs between an entry of the lock and what is there, of a stage or a file of a model; "" where nothing does.
std::string Difference(const std::string& what, const Json* locked, const Json& now, const std::string& name_key) {
  if (locked == nullptr) return "  " + what + " is not in the lock\n";
  if (!name_key.empty() && TextOf(*locked, name_key.c_str()) != TextOf(now, name_key.c_str()))
    return "  " + what + ": locked with " + name_key + " `" + TextOf(*locked, name_key.c_str()) + "`, now `" +
           TextOf(now, name_key.c_str()) + "`\n";
  if (TextOf(*locked, "sha256") == TextOf(now, "sha256")) return "";
  return "  " + what + " changed\n    locked: sha256 " + TextOf(*locked, "sha256") + "\n    now:    sha256 " +
         TextOf(now, "sha256") + "\n";
}

const Json* Entry(const Json& lock, const char* section, const std::string& name) {
  const auto entries = lock.find(section);
  if (entries == lock.end() || !entries->is_object()) return nullptr;
  const auto found = entries->find(name);
  return found == entries->end() ? nullptr : &*found;
}

Result<std::string> StageDifferences(const PipelineDescription& pipeline, const Json& lock, Hashes& hashes) {
  std::string text;
  for (const StageDescription& stage : pipeline.stages) {
    RETORT_ASSIGN_OR_RETURN(const Json now, StageEntry(stage, hashes));
    const std::string what = "stage `" + stage.name + "` (" + stage.descriptor->plugin_path + ")";
    text += Difference(what, Entry(lock, "stages", stage.name), now, "uses");
  }
  return text;
}

Result<std::string> ModelDifferences(const PipelineDescription& pipeline, const Json& lock, Hashes& hashes) {
  std::string text;
  for (const std::string& name : UsedModels(pipeline)) {
    RETORT_ASSIGN_OR_RETURN(const Json now, ModelEntry(*pipeline.FindModel(name), hashes));
    const Json* const locked = Entry(lock, "models", name);
    if (locked == nullptr || TextOf(*locked, "source") != TextOf(now, "source")) {
      text += Difference("model `" + name + "`", locked, now, "source");
      continue;
    }
    for (const auto& [file, hash] : now["files"].items())
      text += Difference("model `" + name + "` (" + file + ")", Entry(*locked, "files", file), hash, "");
  }
  return text;
}

Result<Json> ReadLock(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const std::string text, ReadBytes(path, "a lock", kMostLockBytes));
  const Json lock = Json::parse(text, nullptr, false);
  const bool good = lock.is_object() && lock.contains("retort_lock") && lock["retort_lock"] == kLockVersion;
  if (good) return lock;
  return DataLoss(path + " is no lock of version " + std::to_string(kLockVersion) +
                  "; write it anew with `retort lock`");
}

}  // namespace

std::string LockPath(const std::string& pipeline_file) { return pipeline_file + ".lock"; }

Result<Json> MakeLock(const PipelineDescription& pipeline) {
  Hashes hashes;
  Json stages = Json::object(), models = Json::object();
  for (const StageDescription& stage : pipeline.stages) {
    RETORT_ASSIGN_OR_RETURN(stages[stage.name], StageEntry(stage, hashes));
  }
  for (const std::string& name : UsedModels(pipeline)) {
    RETORT_ASSIGN_OR_RETURN(models[name], ModelEntry(*pipeline.FindModel(name), hashes));
  }
  return Json{{"retort_lock", kLockVersion}, {"pipeline", pipeline.name}, {"stages", stages}, {"models", models}};
}

Status CheckLock(const PipelineDescription& pipeline, const std::string& pipeline_file, LockUse use, LockScope scope) {
  if (use == LockUse::kIgnored) return {};
  const std::string path = LockPath(pipeline_file);
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (use == LockUse::kIfThere) return {};
    return NotFound("--locked: there is no " + path + "; write it with `retort lock " + pipeline_file + "`");
  }
  RETORT_ASSIGN_OR_RETURN(const Json lock, ReadLock(path));
  Hashes hashes;
  RETORT_ASSIGN_OR_RETURN(std::string differences, StageDifferences(pipeline, lock, hashes));
  if (scope == LockScope::kPluginsAndModels) {
    RETORT_ASSIGN_OR_RETURN(const std::string models, ModelDifferences(pipeline, lock, hashes));
    differences += models;
  }
  if (differences.empty()) return {};
  return InvalidArgument(path + ": not what was locked\n" + differences + "  `retort lock " + pipeline_file +
                         "` takes what is there now; --no-lock goes on without the lock");
}

void AddLockOptions(CLI::App& command, LockUse* use) {
  CLI::Option* const locked = command.add_flag_function(
      "--locked", [use](int64_t) { *use = LockUse::kRequired; }, "Refuse to go on without a lock (PIPELINE.lock)");
  command
      .add_flag_function(
          "--no-lock", [use](int64_t) { *use = LockUse::kIgnored; }, "Do not look at PIPELINE.lock")
      ->excludes(locked);
}

}  // namespace retort::cli
