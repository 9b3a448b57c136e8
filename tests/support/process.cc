#include "tests/support/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace retort::testing {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

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

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "retort-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& text) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string TemporaryFolder::Read(const std::string& name) const { return ReadFile(path_ + "/" + name); }

}  // namespace retort::testing
