// retort lock: keep which plugins and models a pipeline runs with.
#include <memory>

#include "core/model/new_file.h"
#include "tools/cli/commands.h"
#include "tools/cli/lock/pipeline_lock.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

Status WriteLock(const PipelineDescription& pipeline, const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const auto lock, MakeLock(pipeline));
  const std::string text = lock.dump(2) + "\n";
  RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(path, text.size(), true));
  RETORT_RETURN_IF_ERROR(file->Append(text));
  return file->Commit();
}

int Lock(const PipelineArguments& arguments) {
  const auto loaded = LoadOrReport(arguments, LoadStages());
  if (!loaded) return kUsage;
  const std::string path = LockPath(arguments.file);
  const Status written = WriteLock(loaded->description, path);
  if (!written.ok()) {
    PrintStatus(written);
    return ExitCodeOf(written);
  }
  Print(path + "\n");
  return kDone;
}

}  // namespace

void AddLockCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("lock", "Keep which plugins and models a pipeline runs with");
  auto arguments = std::make_shared<PipelineArguments>();
  AddPipelineArguments(*command, *arguments);
  command->footer(
      "Writes PIPELINE.lock: the plugin file of each stage and the files of each model, with their SHA-256. While it "
      "is\n"
      "there, `run` and `plan` refuse where one of them changed, and `lint` where a plugin did; --no-lock goes on\n"
      "nevertheless, --locked refuses also where there is no lock.\n"
      "Example: retort lock pipelines/speculative.yaml");
  command->callback([=] { *action = [=] { return Lock(*arguments); }; });
}

}  // namespace retort::cli
