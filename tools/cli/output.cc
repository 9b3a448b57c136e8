#include "tools/cli/output.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/base/secrets.h"
#include "core/model/new_file.h"
#include "tools/cli/colour.h"
#include "tools/cli/commands.h"

namespace retort::cli {
namespace {

int lost_output = 0;  // the first error of writing to stdout; the main thread's

/// The system's error, or 0.
int Write(std::FILE* stream, std::string_view text) {
  const std::string shown = Redacted(text);
  errno = 0;
  const bool written = std::fwrite(shown.data(), 1, shown.size(), stream) == shown.size() && std::fflush(stream) == 0;
  return written ? 0 : errno;
}

}  // namespace

void Print(std::string_view text) {
  const int error = Write(stdout, text);
  if (lost_output == 0 && error != EPIPE) lost_output = error;
}

void PrintError(std::string_view text) { Write(stderr, text); }

void PrintDiagnostics(std::string_view text) {
  Print(OutputWantsColours() ? ColourDiagnostics(text) : std::string(text));
}

void PrintErrorDiagnostics(std::string_view text) {
  PrintError(ErrorWantsColours() ? ColourDiagnostics(text) : std::string(text));
}

int PrintOrWrite(const std::string& path, std::string_view text) {
  if (path.empty()) {
    Print(text);
    return kDone;
  }
  const auto write = [&]() -> Status {
    const std::string shown = Redacted(text);
    RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(path, shown.size(), /*replace=*/true));
    RETORT_RETURN_IF_ERROR(file->Append(shown));
    return file->Commit();
  };
  const Status status = write();
  if (!status.ok()) PrintStatus(status);
  return ExitCodeOf(status);
}

bool ReportLostOutput() {
  if (lost_output == 0) return false;
  PrintError("error: standard output: writing failed: " + std::generic_category().message(lost_output) + "\n");
  return true;
}

void PrintStatus(const Status& status) {
  const bool placed = status.message().find(": error: ") != std::string::npos;
  PrintErrorDiagnostics((placed ? "" : "error: ") + status.message() + "\n");
}

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
