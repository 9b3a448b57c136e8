// Lines of a JSONL file and the records made of them: no input may crash the readers, and no byte of a line is lost.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/plugin/record.h"
#include "plugins/read_jsonl/line_reader.h"

namespace {

constexpr size_t kMaxLineBytes = 256;

/// A file in memory that has a path.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t size) : fd_(memfd_create("jsonl", 0)) {
    if (fd_ < 0 || write(fd_, data, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { close(fd_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using retort::read_jsonl::LineReader;
  const MemoryFile file(data, size);
  const auto reader = LineReader::Open(file.path(), kMaxLineBytes);
  if (!reader.ok()) std::abort();
  const std::string text(reinterpret_cast<const char*>(data), size);
  size_t at = 0;
  for (uint64_t line = 1;; ++line) {
    const auto got = (*reader)->Next(std::chrono::milliseconds(50));
    if (!got.ok()) std::abort();
    if (*got == LineReader::Got::kEnd) break;
    if (*got == LineReader::Got::kNothingYet) continue;
    const size_t end = std::min(text.find('\n', at), text.size());
    const bool whole = !(*reader)->too_long();
    if (whole && text.compare(at, (*reader)->line().size(), (*reader)->line()) != 0) std::abort();
    if (whole && end - at > kMaxLineBytes + 1) std::abort();  // a carriage return is no part of it
    at = end + 1;
    retort::Record record;
    if (ParseRecord((*reader)->line(), line, record).ok() && (record.id.empty() || record.line != line)) std::abort();
  }
  return 0;
}
