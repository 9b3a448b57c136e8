// Which plugin files there are, and which of them may be loaded into this process.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "core/plugin/loader.h"
#include "core/plugin/plugin_probe.h"
#include "core/plugin/probe_cache.h"

namespace retort {
namespace {

namespace fs = std::filesystem;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string CachePath() {
  std::string folder = Environment("XDG_CACHE_HOME");
  if (folder.empty() && !Environment("HOME").empty()) folder = Environment("HOME") + "/.cache";
  return folder.empty() ? "" : folder + "/retort/probed-plugins.json";
}

/// Seconds from the environment, where they are any.
std::chrono::milliseconds ProbeTimeout(std::chrono::milliseconds otherwise) {
  const std::string text = Environment("RETORT_PROBE_TIMEOUT");
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !(seconds > 0 && seconds <= 3600))
    return otherwise;
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// Files *.so of `directory` in order of name. Errors: kNotFound with the system's reason.
Result<std::vector<std::string>> PluginFiles(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (entry->path().extension() == ".so" && entry->is_regular_file(unreadable))
      files.push_back(entry->path().string());
  }
  if (error)
    return NotFound("plugin directory cannot be read: " + error.message() + "; give an existing folder of plugins");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> PathsInEnvironment(const char* variable) {
  const std::string list = Environment(variable);
  std::vector<std::string> paths;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(':', begin), list.size());
    if (end > begin) paths.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

LoaderOptions DefaultLoaderOptions(const std::vector<std::string>& extra_directories) {
  LoaderOptions options;
  options.directories = extra_directories;
  const std::vector<std::string> named = PathsInEnvironment("RETORT_PLUGIN_PATH");
  options.directories.insert(options.directories.end(), named.begin(), named.end());
  std::error_code error;
  const fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path built = bin.parent_path() / "lib/retort/plugins", installed = bin.parent_path() / RETORT_PLUGIN_DIR;
  options.own_directory = fs::exists(installed, error) ? installed.string() : built.string();
  options.directories.push_back(options.own_directory);
  options.probe_program = (bin / "retort-plugin-probe").string();
  options.cache_path = CachePath();
  options.probe_timeout = ProbeTimeout(options.probe_timeout);
  return options;
}

void LoadPlugins(const LoaderOptions& options, Registry& registry) {
  ProbeCache cache(options.cache_path);
  std::set<std::string> seen;
  for (const std::string& directory : options.directories) {
    const Result<std::vector<std::string>> files = PluginFiles(directory);
    if (!files.ok()) registry.Refuse(directory, files.status());
    if (!files.ok()) continue;
    for (const std::string& path : *files) {
      std::error_code error;
      const fs::path real = fs::canonical(path, error);
      if (!seen.insert(error ? path : real.string()).second) continue;
      Status status;
      if (options.check && directory != options.own_directory) status = options.check(path);
      if (status.ok() && !options.probe_program.empty() && !cache.Passed(path)) {
        status = ProbePlugin(options.probe_program, path, options.probe_timeout);
        if (status.ok()) cache.SetPassed(path);
      }
      if (status.ok()) status = LoadPlugin(path, registry);
      if (!status.ok()) registry.Refuse(path, status);
    }
  }
  cache.Save();
}

}  // namespace retort
