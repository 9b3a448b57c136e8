#include "core/graph/engine/dead_letters.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace retort {
namespace {

Status SystemError(const std::string& what, const std::string& path, StatusCode code) {
  return {code, "dead-letter file '" + path + "': " + what + ": " + std::strerror(errno) +
                    "; choose a path on a disk with room that this user may write"};
}

}  // namespace

void DeadLetters::Close::operator()(std::FILE* file) const {
  struct stat status = {};
  const bool empty = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
  if (std::fclose(file) == 0 && empty) unlink(path.c_str());
}

Result<DeadLetters> DeadLetters::Open(const std::string& path) {
  DeadLetters letters;
  letters.path_ = path;
  if (!path.empty()) {
    letters.file_ = {std::fopen(path.c_str(), "wb"), Close{path}};
    if (!letters.file_) return SystemError("cannot be opened", path, StatusCode::kInvalidArgument);
  }
  return letters;
}

Status DeadLetters::Write(std::span<const Failure> failures) {
  if (!file_) return {};
  std::string text;
  for (const Failure& failure : failures) {
    nlohmann::ordered_json letter;
    letter["id"] = failure.record->id;
    letter["line"] = failure.record->line;
    letter["stage"] = failure.stage;
    letter["code"] = StatusCodeName(failure.why.code());
    letter["message"] = failure.why.message();
    letter["record"] = failure.record->json;
    // Bytes that are no UTF-8 (a message may quote the input) must not cost the letter.
    text += letter.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    text += '\n';
  }
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    return SystemError("cannot be written", path_, StatusCode::kResourceExhausted);
  }
  return {};
}

}  // namespace retort
