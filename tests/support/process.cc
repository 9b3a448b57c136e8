#include "tests/support/process.h"

#include <sys/wait.h>

#include <cstdlib>

namespace retort::testing {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string SourceFolder() { return RETORT_SOURCE_DIR; }

Finished RunShell(const std::string& command, const std::string& folder) {
  const TemporaryFolder capture;
  const std::string out = capture.path() + "/out", err = capture.path() + "/err";
  const std::string line = "cd " + Quoted(folder.empty() ? "." : folder) +
                           " && export RETORT=" + Quoted(RETORT_BINARY) + " && { " + command + "\n} >" + Quoted(out) +
                           " 2>" + Quoted(err);
  const int status = std::system(line.c_str());
  Finished finished;
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finished.out = ReadFile(out);
  finished.err = ReadFile(err);
  return finished;
}

Finished RunRetort(const std::vector<std::string>& arguments, const std::string& input, const std::string& folder,
                   const std::map<std::string, std::string>& environment) {
  const TemporaryFolder stdin_folder;
  std::string command;
  for (const auto& [name, value] : environment) command += name + "=" + Quoted(value) + " ";
  command += "\"$RETORT\"";
  for (const std::string& argument : arguments) command += " " + Quoted(argument);
  return RunShell(command + " <" + Quoted(stdin_folder.Write("in", input)), folder);
}

}  // namespace retort::testing
