#include "core/plugin/plugin_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/plugin/output_tail.h"

extern char** environ;

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kKeptOutput = 400;

/// The child's standard output and error, of which the end is kept.
class OutputPipe {
 public:
  OutputPipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  OutputPipe(const OutputPipe&) = delete;
  OutputPipe& operator=(const OutputPipe&) = delete;
  ~OutputPipe() {
    CloseWriteEnd();
    if (ends_[0] >= 0) close(ends_[0]);
  }
  bool ok() const { return ends_[0] >= 0; }
  int write_end() const { return ends_[1]; }
  void CloseWriteEnd() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  /// Read until every writer has closed its end. False: `deadline` came first.
  bool ReadToEnd(Clock::time_point deadline) {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      pollfd wait = {ends_[0], POLLIN, 0};
      const int ready = poll(&wait, 1, static_cast<int>(left));
      if (ready < 0 && errno != EINTR) return true;
      if (ready <= 0) continue;
      char buffer[1024];
      const ssize_t count = read(ends_[0], buffer, sizeof buffer);
      if (count <= 0) return true;
      text_.Append({buffer, static_cast<size_t>(count)});
    }
  }

  std::string Report() const { return text_.Report(); }

 private:
  int ends_[2];
  OutputTail text_{kKeptOutput};
};

Result<pid_t> Start(const std::string& program, const std::string& path, const OutputPipe& output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDERR_FILENO);
  // A group of its own, so that what the plugin itself starts is killed with it.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  char* const arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>(path.c_str()), nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return NotFound("it cannot be tried in a child process, since " + program +
                    " does not start: " + std::strerror(error) + "; install Retort anew");
  }
  return child;
}

/// Wait for the child until `deadline`. False: it still runs.
bool Wait(pid_t child, Clock::time_point deadline, int* state) {
  for (;;) {
    const pid_t ended = waitpid(child, state, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, 2);  // its output is closed, so that it is about to end
  }
}

}  // namespace

Status ProbePlugin(const std::string& program, const std::string& path, std::chrono::milliseconds timeout) {
  OutputPipe output;
  if (!output.ok())
    return ResourceExhausted("it cannot be tried in a child process: no pipe, " + std::string(std::strerror(errno)));
  const Clock::time_point deadline = Clock::now() + timeout;
  RETORT_ASSIGN_OR_RETURN(const pid_t child, Start(program, path, output));
  output.CloseWriteEnd();
  int state = 0;
  if (!output.ReadToEnd(deadline) || !Wait(child, deadline, &state)) {
    kill(-child, SIGKILL);
    waitpid(child, &state, 0);
    return Cancelled("it was not loaded within " + std::to_string(timeout.count()) +
                     " ms and was stopped (RETORT_PROBE_TIMEOUT, in seconds, gives it more)" + output.Report());
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == kProbeSurvived) return {};
  kill(-child, SIGKILL);
  if (WIFSIGNALED(state))
    return Internal("loading it kills the process with " + SignalText(WTERMSIG(state)) + output.Report());
  return Internal("loading it ends the process with exit code " + std::to_string(WEXITSTATUS(state)) + output.Report());
}

}  // namespace retort
