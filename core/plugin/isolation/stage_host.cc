#include "core/plugin/isolation/stage_host.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <thread>

#include "core/plugin/isolation/child_call.h"
#include "core/plugin/loader.h"
#include "core/plugin/plugin_stage.h"

namespace retort {
namespace {

/// End with the host, also while the stage hangs. A thread that waits for the hang-up, since PR_SET_PDEATHSIG would
/// take the end of the thread that started this process for the end of the host.
void EndWithHost(int socket) {
  std::thread([socket] {
    for (;;) {
      pollfd about = {socket, POLLRDHUP, 0};
      if (poll(&about, 1, -1) <= 0) continue;
      kill(0, SIGKILL);  // the group, so what the plugin started too
      _exit(1);
    }
  }).detach();
}

class StageHost {
 public:
  StageHost() : channel_(FileDescriptor(kStageHostSocket), FrameChannel::Role::kAnswers) {}

  int Serve() {
    if (!Say(std::string(IsolationHello()))) return 1;
    std::string frame;
    for (;;) {
      if (channel_.Receive(&frame, {}) != Transfer::kDone || frame.empty()) return 1;
      const auto request = static_cast<Request>(frame[0]);
      if (request == Request::kCancel) continue;  // of a call that has ended meanwhile
      if (request == Request::kQuit) {
        stage_.reset();
        return 0;
      }
      if (!Say(EncodeAnswer(Do(request, frame)))) return 1;
    }
  }

 private:
  bool Say(std::string frame) {
    if (frame.size() > kMaxFrameBytes) {
      Answer answer;
      answer.status = InvalidArgument("the records of the call take more than " + std::to_string(kMaxFrameBytes) +
                                      " bytes once they are through; set a smaller max_batch");
      frame = EncodeAnswer(answer);
    }
    return channel_.Send(frame, {}) == Transfer::kDone;
  }

  Answer Do(Request request, std::string_view frame) {
    Answer answer;
    if (request == Request::kCreate) {
      answer.status = Create(frame);
    } else if (!stage_) {
      answer.status = Internal("there is no stage yet");
    } else if (request == Request::kOpen) {
      answer.status = stage_->Open();
    } else if (request == Request::kProcess) {
      return Process(frame);
    } else if (request == Request::kClose) {
      answer.status = stage_->Close(frame.size() > 1 && frame[1] != 0);
    } else {
      answer.status = Internal("an unknown request");
    }
    return answer;
  }

  Status Create(std::string_view frame) {
    RETORT_ASSIGN_OR_RETURN(CreateRequest request, DecodeCreate(frame));
    name_ = request.config.stage_name;
    RETORT_RETURN_IF_ERROR(LoadPlugin(request.plugin_path, registry_).Annotate(request.plugin_path));
    descriptor_ = registry_.Find(request.stage);
    if (descriptor_ == nullptr)
      return NotFound(request.plugin_path + " has no stage `" + request.stage + "` any more; start the run anew");
    RETORT_ASSIGN_OR_RETURN(stage_, PluginStage::Create(*descriptor_, std::move(request.config)));
    return {};
  }

  Answer Process(std::string_view frame) {
    ProcessRequest request;
    Answer answer;
    answer.status = DecodeProcess(frame, &request);
    if (!answer.status.ok()) return answer;
    ChildCall call(*descriptor_, name_, request, channel_);
    bool end = false;
    Status status = stage_->Process(call, call.records(), request.want, &end);
    return call.Finish(std::move(status), end);
  }

  FrameChannel channel_;
  Registry registry_;
  const StageDescriptor* descriptor_ = nullptr;
  std::string name_;
  std::unique_ptr<PluginStage> stage_;
};

}  // namespace

int ServeStage() {
  fcntl(kStageHostSocket, F_SETFD, FD_CLOEXEC);
  std::signal(SIGPIPE, SIG_IGN);  // as in the host
  std::signal(SIGTTIN, SIG_IGN);  // reading a terminal is an error here, and must not stop the process
  EndWithHost(kStageHostSocket);
  return StageHost().Serve();
}

}  // namespace retort
