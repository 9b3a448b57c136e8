#include "tools/cli/output.h"

#include <unistd.h>

#include <cstdio>

#include "tools/cli/commands.h"

namespace retort::cli {
namespace {

void Write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

void Print(std::string_view text) { Write(stdout, text); }
void PrintError(std::string_view text) { Write(stderr, text); }

void PrintStatus(const Status& status) {
  const bool placed = status.message().find(": error: ") != std::string::npos;
  PrintError((placed ? "" : "error: ") + status.message() + "\n");
}

bool ErrorIsTerminal() { return isatty(STDERR_FILENO) == 1; }

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return kDone;
    case StatusCode::kCancelled: return kInterrupted;
    case StatusCode::kResourceExhausted:
    case StatusCode::kInternal: return kAborted;
    default: return kUsage;
  }
}

}  // namespace retort::cli
