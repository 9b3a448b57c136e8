// The process of a stage, from the host's side: started, asked, and buried.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/plugin/isolation/frame_channel.h"
#include "core/plugin/isolation/stderr_relay.h"
#include "core/plugin/stage_body.h"

namespace retort {

/// retort-stage-host beside the running program.
std::string DefaultStageHostProgram();

/// One thread at a time. The process is a group of its own, so that Ctrl-C on the terminal does not reach it and what
/// it starts ends with it. It ends with the host, whatever becomes of that.
class StageProcess {
 public:
  struct Options {
    std::string program;
    std::string stage;                     // its name in the pipeline
    bool reads_stdin = false;              // else it finds /dev/null there
    std::chrono::milliseconds timeout{0};  // of a request; 0: none
  };
  /// Errors: kNotFound where the program cannot be started, kInternal where it is none of this build,
  /// kResourceExhausted where the system has no descriptors left.
  static Result<std::unique_ptr<StageProcess>> Start(const Options& options);
  /// Asks a living process to end, and kills it where it does not within a second. Reaps it.
  ~StageProcess();
  StageProcess(const StageProcess&) = delete;
  StageProcess& operator=(const StageProcess&) = delete;

  /// Send a request and wait for its answer. While `context` (may be null) is cancelled, the process is told. Errors:
  /// kInternal, with how it ended and what it wrote at last; kInvalidArgument, nothing having been sent, where the
  /// request is too large. After the first kInternal it is gone.
  Result<std::string> Ask(std::string_view request, const StageContext* context = nullptr);
  /// Kill it, since it `why`, as "sent something that is no answer". Gives the error as Ask does.
  Status Condemn(const std::string& why);

 private:
  StageProcess(const Options& options, pid_t process, FileDescriptor socket, FileDescriptor error_output,
               FileDescriptor wake);
  Patience PatienceWith(const StageContext* context);
  Status Bury(Transfer transfer);
  bool EndsWithin(std::chrono::milliseconds time);
  void Kill();

  const Options options_;
  const pid_t process_;
  FrameChannel channel_;
  StderrRelay errors_;
  bool alive_ = true;
  bool told_ = false;  // that the call is cancelled; or it cannot be now
  int state_ = 0;      // of waitpid, once it is not alive
};

}  // namespace retort
