// retort-stage-host STAGE: the process of a stage with `isolation: process`; see stage_host.h. Started by Retort alone.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "core/plugin/isolation/stage_host.h"

int main(int argc, char** argv) {
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 2 || getsockopt(retort::kStageHostSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fprintf(stderr, "%s runs a stage with `isolation: process`; `retort run` starts it\n", argv[0]);
    return 2;
  }
  close_range(retort::kStageHostSocket + 1, ~0u, 0);  // what a plugin of the host's opened without CLOEXEC
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int code = retort::ServeStage();
  std::fflush(nullptr);
  _exit(code);  // not through the plugin's own exit handlers
}
