#include "core/plugin/isolation/stage_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/plugin/isolation/messages.h"
#include "core/plugin/isolation/spawn.h"

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLastWords{1000};  // to end by itself

std::string EndText(int state) {
  if (WIFEXITED(state)) return "ended with exit code " + std::to_string(WEXITSTATUS(state));
  const int signal = WTERMSIG(state);
  return "was ended by " + SignalText(signal) +
         (signal == SIGKILL ? ", maybe since the system has no memory left" : "");
}

}  // namespace

std::string DefaultStageHostProgram() {
  std::error_code error;
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "retort-stage-host").string();
}

StageProcess::StageProcess(const Options& options, pid_t process, FileDescriptor socket, FileDescriptor error_output,
                           FileDescriptor wake)
    : options_(options),
      process_(process),
      channel_(std::move(socket), FrameChannel::Role::kAsks),
      errors_(std::move(error_output), std::move(wake), options.stage) {}

Result<std::unique_ptr<StageProcess>> StageProcess::Start(const Options& options) {
  RETORT_ASSIGN_OR_RETURN(Spawned spawned, SpawnStageHost(options.program, options.stage, options.reads_stdin));
  std::unique_ptr<StageProcess> made(new StageProcess(options, spawned.process, std::move(spawned.socket),
                                                      std::move(spawned.error_output), std::move(spawned.wake)));
  std::string hello;
  const Transfer transfer = made->channel_.Receive(&hello, made->PatienceWith(nullptr));
  if (transfer != Transfer::kDone) return made->Bury(transfer);
  if (hello != IsolationHello())
    return made->Condemn("is of another build than this program (" + options.program + "; install Retort anew)");
  return made;
}

StageProcess::~StageProcess() {
  if (alive_ && channel_.SendAtOnce(EncodeBare(Request::kQuit))) EndsWithin(kLastWords);
  Kill();
}

Patience StageProcess::PatienceWith(const StageContext* context) {
  Patience patience;
  if (options_.timeout.count() > 0) patience.deadline = Clock::now() + options_.timeout;
  patience.tick = [this, context] {
    if (context != nullptr && !told_ && context->Cancelled()) told_ = channel_.SendAtOnce(EncodeBare(Request::kCancel));
    return !EndsWithin(milliseconds(0));  // what it started may hold the connection open
  };
  return patience;
}

Result<std::string> StageProcess::Ask(std::string_view request, const StageContext* context) {
  if (request.size() > kMaxFrameBytes) {
    return InvalidArgument(
        fmt::format("the call's records take {} bytes, and {} at most go to a stage's process; set "
                    "a smaller max_batch",
                    request.size(), kMaxFrameBytes));
  }
  told_ = true;  // a cancel must not come between the parts of the request
  const Patience patience = PatienceWith(context);
  Transfer transfer = channel_.Send(request, patience);
  told_ = false;
  std::string answer;
  if (transfer == Transfer::kDone) transfer = channel_.Receive(&answer, patience);
  if (transfer != Transfer::kDone) return Bury(transfer);
  return answer;
}

Status StageProcess::Condemn(const std::string& why) {
  Kill();
  return Internal("its process " + why + ", and was killed" + errors_.Finish());
}

/// Whatever it is, the process is not asked any more.
Status StageProcess::Bury(Transfer transfer) {
  if (transfer == Transfer::kMalformed) return Condemn("sent something that is no answer");
  if (transfer == Transfer::kLate) {
    Kill();
    return Internal(fmt::format("its process gave no answer within {} s (the stage's `timeout`) and was killed{}",
                                static_cast<double>(options_.timeout.count()) / 1000, errors_.Finish()));
  }
  const bool ended = EndsWithin(kLastWords);
  Kill();
  return Internal("its process " + (ended ? EndText(state_) : "closed its connection and was killed") +
                  errors_.Finish());
}

/// Without reaping it, so that its number stays its own.
bool StageProcess::EndsWithin(milliseconds time) {
  for (const Clock::time_point deadline = Clock::now() + time;;) {
    siginfo_t about = {};
    const int error = waitid(P_PID, static_cast<id_t>(process_), &about, WEXITED | WNOHANG | WNOWAIT);
    if (about.si_pid == process_ || (error != 0 && errno != EINTR)) return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, 1);
  }
}

/// Kill the group, which may outlive the process itself, and reap.
void StageProcess::Kill() {
  if (!alive_) return;
  kill(-process_, SIGKILL);
  while (waitpid(process_, &state_, 0) < 0 && errno == EINTR) {
  }
  alive_ = false;
}

}  // namespace retort
