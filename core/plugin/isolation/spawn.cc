#include "core/plugin/isolation/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/plugin/isolation/stage_host.h"

extern char** environ;

namespace retort {
namespace {

constexpr int kFirstFree = 10;  // above every number that the child gives a meaning to

Status NoDescriptors() {
  return ResourceExhausted(std::string("no descriptors for a process of the stage: ") + std::strerror(errno) +
                           "; raise `ulimit -n`");
}

/// Two connected descriptors, closed on exec, with numbers from kFirstFree.
struct Pair {
  FileDescriptor first, second;
};
Result<Pair> Raised(const int (&ends)[2]) {
  const FileDescriptor low[] = {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  Pair pair{FileDescriptor(fcntl(ends[0], F_DUPFD_CLOEXEC, kFirstFree)),
            FileDescriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, kFirstFree))};
  if (pair.first.number() < 0 || pair.second.number() < 0) return NoDescriptors();
  return pair;
}

/// What posix_spawn is given, freed with it.
class SpawnSetting {
 public:
  SpawnSetting() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSetting() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSetting(const SpawnSetting&) = delete;
  SpawnSetting& operator=(const SpawnSetting&) = delete;

  /// A group of its own, no signal blocked, and those of the terminal as they are by default.
  void SetSignals() {
    sigset_t none, by_default;
    sigemptyset(&none);
    sigemptyset(&by_default);
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGCHLD}) sigaddset(&by_default, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &by_default);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<Spawned> SpawnStageHost(const std::string& program, const std::string& stage, bool reads_stdin) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return NoDescriptors();
  RETORT_ASSIGN_OR_RETURN(Pair sockets, Raised(ends));
  if (pipe2(ends, O_CLOEXEC) != 0) return NoDescriptors();
  RETORT_ASSIGN_OR_RETURN(Pair errors, Raised(ends));
  Spawned spawned{.socket = std::move(sockets.first),
                  .error_output = std::move(errors.first),
                  .wake = FileDescriptor(eventfd(0, EFD_CLOEXEC))};
  if (spawned.wake.number() < 0) return NoDescriptors();

  SpawnSetting setting;
  setting.SetSignals();
  if (!reads_stdin) posix_spawn_file_actions_addopen(&setting.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&setting.actions, errors.second.number(), STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&setting.actions, sockets.second.number(), kStageHostSocket);
  char* const arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>(stage.c_str()), nullptr};
  const int error =
      posix_spawn(&spawned.process, program.c_str(), &setting.actions, &setting.attributes, arguments, environ);
  if (error != 0) {
    return NotFound("it cannot run in a process of its own, since " + program +
                    " does not start: " + std::strerror(error) + "; install Retort anew");
  }
  return spawned;
}

}  // namespace retort
