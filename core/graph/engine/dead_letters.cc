#include "core/graph/engine/dead_letters.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/base/secrets.h"

namespace retort {
namespace {

Status SystemError(const std::string& what, const std::string& path, StatusCode code) {
  return {code, "dead-letter file '" + path + "': " + what + ": " + std::strerror(errno) +
                    "; choose a path on a disk with room that this user may write"};
}

nlohmann::ordered_json Letter(const Failure& failure) {
  nlohmann::ordered_json letter;
  letter["id"] = failure.record->id;
  letter["line"] = failure.record->line;
  letter["stage"] = failure.stage;
  letter["code"] = StatusCodeName(failure.why.code());
  letter["message"] = Redacted(failure.why.message());
  letter["record"] = failure.record->json;
  if (!failure.record->line_text.empty()) letter["line_text"] = failure.record->line_text;
  return letter;
}

}  // namespace

Result<DeadLetters> DeadLetters::Open(const std::string& path) {
  DeadLetters letters;
  if (path.empty()) return letters;
  struct stat about = {};
  const bool special = stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
  letters.path_ = path;
  letters.target_ = special ? path : path + ".part";
  letters.file_.reset(std::fopen(letters.target_.c_str(), "wb"));
  if (!letters.file_) return SystemError("cannot be opened", path, StatusCode::kInvalidArgument);
  return letters;
}

Status DeadLetters::Write(std::span<const Failure> failures) {
  if (!file_) return {};
  std::string text;
  for (const Failure& failure : failures) {
    // Bytes that are no UTF-8 (a message may quote the input) must not cost the letter.
    text += Letter(failure).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    text += '\n';
  }
  written_ = true;
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    return SystemError("cannot be written", path_, StatusCode::kResourceExhausted);
  }
  return {};
}

Status DeadLetters::Publish(bool run_ended) {
  file_.reset();
  if (target_ == path_) return {};
  if (!written_) {
    std::remove(target_.c_str());
    if (run_ended) std::remove(path_.c_str());
    return {};
  }
  if (std::rename(target_.c_str(), path_.c_str()) == 0) return {};
  return SystemError("cannot be renamed from " + target_, path_, StatusCode::kInvalidArgument);
}

}  // namespace retort
