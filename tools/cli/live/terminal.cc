#include "tools/cli/live/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace retort::cli {
namespace {

bool BeginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }  // of UTF-8

int Columns(std::string_view text) {
  int columns = 0;
  for (const char byte : text) columns += BeginsCharacter(byte) ? 1 : 0;
  return columns;
}

}  // namespace

int TerminalColumns(int fd) {
  const char* const type = std::getenv("TERM");
  if (isatty(fd) != 1 || (type != nullptr && std::string_view(type) == "dumb")) return 0;
  winsize size = {};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string_view CutToColumns(std::string_view text, int columns) {
  size_t end = 0;
  for (int seen = 0; end < text.size(); ++end) {
    if (BeginsCharacter(text[end]) && ++seen > columns) break;
  }
  return text.substr(0, end);
}

std::string JoinToColumns(const std::vector<std::string>& parts, int columns) {
  std::string line;
  for (const std::string& part : parts) {
    const std::string next = line.empty() ? part : line + ", " + part;
    if (columns > 0 && Columns(next) > columns) break;
    line = next;
  }
  return line.empty() && !parts.empty() ? std::string(CutToColumns(parts[0], columns)) : line;
}

}  // namespace retort::cli
