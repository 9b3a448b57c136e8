// Writing to the terminal. A reader that went away (a closed pipe) ends the output, never the program; output that is
// lost for another reason (a full disk) shows in the exit code. Secrets are left out.
#pragma once

#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort::cli {

/// To stdout. What cannot be written is dropped, and remembered by ReportLostOutput.
void Print(std::string_view text);
/// To stderr.
void PrintError(std::string_view text);
/// `error: MESSAGE` on stderr; messages that begin with a place (file:line:column: error: ...) are printed as they are.
void PrintStatus(const Status& status);

/// Text of RenderText to stdout or stderr, in colours where the stream wants them.
void PrintDiagnostics(std::string_view text);
void PrintErrorDiagnostics(std::string_view text);

/// To stdout where `path` is empty, else to the file `path`, which is as it was where writing fails. The exit code;
/// what went wrong is said on stderr.
int PrintOrWrite(const std::string& path, std::string_view text);

/// Whether text for stdout was lost, apart from what a closed pipe did not want; says so on stderr.
bool ReportLostOutput();

/// 2 for what the user can put right in the command line or the file, 3 for what failed while running.
int ExitCodeOf(const Status& status);

}  // namespace retort::cli
