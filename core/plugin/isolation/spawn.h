// Starts the process of a stage. Safe in a program with threads: nothing runs between fork and exec but the system's
// own.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/plugin/isolation/file_descriptor.h"
#include "retort/status.h"

namespace retort {

struct Spawned {
  pid_t process = -1;
  FileDescriptor socket, error_output;  // the host's ends
  FileDescriptor wake;                  // an eventfd, for who reads error_output
};

/// Run `program stage` in a process group of its own, with its end of the connection at kStageHostSocket. Errors:
/// kNotFound, kResourceExhausted with the system's reason.
Result<Spawned> SpawnStageHost(const std::string& program, const std::string& stage, bool reads_stdin);

}  // namespace retort
