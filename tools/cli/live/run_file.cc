#include "tools/cli/live/run_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/text_file.h"

namespace retort::cli {
namespace {

constexpr size_t kMostBytes = 1 << 16;

namespace fs = std::filesystem;

std::string Folder() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code error;
  if (runtime != nullptr && fs::is_directory(runtime, error)) return std::string(runtime) + "/retort";
  const char* const temporary = std::getenv("TMPDIR");
  return std::string(temporary != nullptr && *temporary != '\0' ? temporary : "/tmp") + "/retort-" +
         std::to_string(getuid());
}

/// Whether the folder is this user's alone. The temporary folder is everybody's: a link or a folder of this name may be
/// somebody else's trap.
bool IsOwn(const std::string& folder) {
  struct stat about = {};
  return lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == getuid() &&
         (about.st_mode & 077) == 0;
}

std::string Number(const RunningPipeline& run) {
  const size_t colon = run.endpoint.rfind(':');
  return std::to_string(run.pid) + "-" + run.endpoint.substr(colon + 1);
}

std::optional<RunningPipeline> Read(const fs::path& path) {
  const auto text = ReadBytes(path, "what `retort run` says of itself", kMostBytes);
  if (!text.ok()) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  RunningPipeline run;
  for (const auto& [key, value] : json.items()) {
    if (key == "pid" && value.is_number_integer()) run.pid = value.get<int>();
    if (key == "pipeline" && value.is_string()) run.pipeline = value.get<std::string>();
    if (key == "endpoint" && value.is_string()) run.endpoint = value.get<std::string>();
  }
  if (run.pid <= 0 || run.endpoint.empty()) return std::nullopt;
  return run;
}

/// Whether no process holds the file any more; then it is removed.
bool RemoveStale(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return true;
  const bool stale = flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (stale) unlink(path.c_str());
  close(fd);
  return stale;
}

}  // namespace

Result<RunFile> RunFile::Write(const RunningPipeline& run) {
  const std::string folder = Folder();
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return NotFound(folder + ": cannot be made: " + std::strerror(errno));
  if (!IsOwn(folder)) return Unsupported(folder + ": expected a folder of this user with the mode 0700");
  // Written under another name, which FindRuns passes over, until the lock is held and the text is whole.
  std::string path = folder + "/" + Number(run) + ".json", fresh = path + ".new";
  RunFile file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), fresh);
  if (file.fd_ < 0) return NotFound(fresh + ": cannot be written: " + std::strerror(errno));
  const std::string text =
      nlohmann::json{{"pid", run.pid}, {"pipeline", run.pipeline}, {"endpoint", run.endpoint}}.dump(
          -1, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n";
  if (flock(file.fd_, LOCK_EX | LOCK_NB) != 0 ||
      write(file.fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      rename(fresh.c_str(), path.c_str()) != 0) {
    return NotFound(path + ": cannot be written: " + std::strerror(errno));
  }
  file.path_ = std::move(path);
  return file;
}

RunFile::RunFile(RunFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::exchange(other.path_, {})) {}

RunFile::~RunFile() {
  if (fd_ < 0) return;
  unlink(path_.c_str());
  close(fd_);
}

std::vector<RunningPipeline> FindRuns() {
  std::vector<RunningPipeline> runs;
  const std::string folder = Folder();
  if (!IsOwn(folder)) return runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".json" || RemoveStale(entry.path())) continue;
    if (auto run = Read(entry.path())) runs.push_back(*std::move(run));
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return runs;
}

}  // namespace retort::cli
