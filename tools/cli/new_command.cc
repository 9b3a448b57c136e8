// retort new: begin a project.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/scaffold/plugin_project.h"
#include "tools/cli/stage_registry.h"

extern char** environ;

namespace retort::cli {
namespace {

namespace fs = std::filesystem;

struct NewPluginArguments {
  std::string name, language = "c++", output;
  bool build = false;
};

/// Where this binary was installed or built, as find_package(retort) takes it.
fs::path Prefix() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
}

/// Run the project's own check against this Retort; its exit code.
Result<int> RunCheck(const std::string& folder) {
  const std::string script = (fs::absolute(folder) / "ci/check").string();
  const std::string package = "-Dretort_DIR=" + (Prefix() / RETORT_PACKAGE_DIR).string();
  char* const arguments[] = {const_cast<char*>(script.c_str()), const_cast<char*>(package.c_str()), nullptr};
  pid_t child = -1;
  if (const int error = posix_spawn(&child, script.c_str(), nullptr, nullptr, arguments, environ); error != 0)
    return Internal(script + " does not start: " + std::strerror(error));
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int BuildAndTest(const std::string& folder) {
  const Result<int> code = RunCheck(folder);
  if (!code.ok()) {
    PrintStatus(code.status());
    return kAborted;
  }
  if (*code != 0) PrintError(fmt::format("error: {}/ci/check ended with {}; what failed is above\n", folder, *code));
  return *code == 0 ? kDone : kAborted;
}

/// Errors: kAlreadyExists for the name of a stage.
Status CheckFree(const std::string& name) {
  const StageDescriptor* const stage = LoadStages().Find(name);
  if (stage == nullptr) return {};
  return AlreadyExists("there is a stage `" + name + "` (" + stage->summary + " " + stage->plugin_path +
                       "); choose another name");
}

int NewPlugin(const NewPluginArguments& arguments) {
  const auto names = NamesOfProject(arguments.name);
  const Status free = names.ok() ? CheckFree(arguments.name) : names.status();
  if (!free.ok()) {
    PrintStatus(free);
    return kUsage;
  }
  const std::string folder = arguments.output.empty() ? arguments.name : arguments.output;
  const auto written =
      WritePluginProject(*names, arguments.language == "c" ? PluginLanguage::kC : PluginLanguage::kCpp, folder);
  if (!written.ok()) {
    PrintStatus(written.status());
    return kUsage;
  }
  std::string text = folder + "\n";
  for (const std::string& path : *written) text += "  " + path + "\n";
  if (!arguments.build)
    text += fmt::format("Next, to configure, build and test it:\n  retort_ROOT={} {}/ci/check\n", Prefix().string(),
                        folder);
  Print(text);
  return arguments.build ? BuildAndTest(folder) : kDone;
}

}  // namespace

void AddNewCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("new", "Begin a project: a plugin with a stage of your own");
  command->require_subcommand(1);
  CLI::App* plugin = command->add_subcommand("plugin", "Write a plugin's project, which builds and passes its tests");
  auto arguments = std::make_shared<NewPluginArguments>();
  plugin->add_option("name", arguments->name, "The stage's name, in lower-case words parted by `-`")
      ->required()
      ->type_name("NAME");
  plugin->add_option("--language", arguments->language, "What the stage is written in")
      ->check(CLI::IsMember({"c++", "c"}))
      ->capture_default_str();
  plugin->add_option("-o,--output", arguments->output, "The folder to make; by default ./NAME")->type_name("FOLDER");
  plugin->add_flag("--build", arguments->build, "Then configure, build and test it");
  plugin->footer(
      "Writes a CMake project: the stage with three options, its test without engine or model, a pipeline that uses "
      "it\n"
      "with the output expected, a script for CI, a README. It builds against this Retort, installed or not. The C\n"
      "project needs a C11 compiler and nothing else; the C++ project has GoogleTest.\n"
      "Exit codes: 0 done, 2 the name or folder cannot be taken, 3 --build failed.\n"
      "Example: retort new plugin word-count --build");
  plugin->callback([=] { *action = [=] { return NewPlugin(*arguments); }; });
}

}  // namespace retort::cli
