// Finds plugin files and loads them into a registry. A plugin that cannot be used is refused with its reason, and the
// host lives: files not known yet are first tried in a child process. Libraries are never unloaded.
// Call before other threads are started; loading itself is not thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/plugin/registry.h"

namespace retort {

struct LoaderOptions {
  std::vector<std::string> directories;  // searched in order for files *.so; a file found twice is loaded once
  std::string probe_program;             // retort-plugin-probe; empty: load without trying in a child process
  std::string cache_path;                // which files passed the probe; empty: none kept
  /// Asked of each file before anything of it is run, but for those of `own_directory`; null: nothing is asked.
  std::function<Status(const std::string& path)> check{};
  std::string own_directory{};                    // the program's own plugins, which are trusted as it is
  std::chrono::milliseconds probe_timeout{1700};  // RETORT_PROBE_TIMEOUT, in seconds, changes the default
};

/// The paths that a variable of the environment holds, parted by colons.
std::vector<std::string> PathsInEnvironment(const char* variable);

/// Where a `retort` binary looks: `extra_directories`, then those in RETORT_PLUGIN_PATH (parted by colons), then
/// lib/retort/plugins beside the folder of the executable. The cache lies in $XDG_CACHE_HOME/retort or ~/.cache/retort.
LoaderOptions DefaultLoaderOptions(const std::vector<std::string>& extra_directories);

/// Load every plugin of every directory. Refused files, and directories that cannot be read, are in
/// registry.refused() with the reason.
void LoadPlugins(const LoaderOptions& options, Registry& registry);

/// Load one plugin into this process. Errors: kInvalidArgument (no shared library, no plugin, lying descriptor),
/// kUnsupported (ABI version too old or too new, with both numbers; a library for another machine), kNotFound (the
/// dynamic linker's own text, e.g. a missing dependency), kAlreadyExists (stage name taken, with both files), or what
/// the plugin's init says.
Status LoadPlugin(const std::string& path, Registry& registry);

/// Add a plugin that is linked into this program, by its init function; `name` stands for its path. Errors: as
/// LoadPlugin.
Status AddLinkedPlugin(const std::string& name, retort_code (*init)(const retort_host*, retort_registrar*),
                       Registry& registry);

}  // namespace retort
