// write-jsonl: a sink that writes each record as one line.
#include <fcntl.h>
#include <retort/sdk.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class WriteJsonl final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("write-jsonl")
        .Summary("Write records to a JSONL file, one JSON object a line.")
        .Text(
            "Records are written in the order in which they were read, unless the stage says `order: completion`. A "
            "regular file grows as `PATH.part`, is synced and takes its name when the run ends, also when it was "
            "interrupted once: what stands under the name is always whole lines. A run that was stopped at once, or "
            "failed, leaves a file of that name alone; what it finished stays in `PATH.part`. A write that fails (disk "
            "full) ends the run.")
        .Example("{ path: out.jsonl }")
        .Input("in", "record", "Records to write.")
        .Option(OptionSpec::Path("path").Text("The file to write; `-` is standard output.").Example("out.jsonl"))
        .MaxBatch(256)
        .Ordered()
        .Blocking();
  }

  static Result<std::unique_ptr<WriteJsonl>> Create(const Config& config) {
    auto stage = std::make_unique<WriteJsonl>();
    stage->path_ = config.String("path");
    return stage;
  }
  ~WriteJsonl() override {
    if (fd_ >= 0 && fd_ != STDOUT_FILENO) close(fd_);
  }

  Status Open() override {
    if (path_ == "-") {
      fd_ = STDOUT_FILENO;
      return {};
    }
    struct stat info = {};
    const bool special =
        stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode);  // a device or pipe: written in place
    target_ = special ? path_ : path_ + ".part";
    fd_ = open(target_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (special ? 0 : O_TRUNC), 0666);
    if (fd_ < 0) return Failed("cannot be written", errno);
    return {};
  }

  Status Process(Context& context, std::span<const Record> records) override {
    if (!broken_.ok()) return broken_;
    buffer_.clear();
    for (const Record& record : records) {
      Result<std::string_view> json = record.GetJson();
      if (!json.ok()) return json.status();
      buffer_.append(*json).push_back('\n');
    }
    if (Status status = WriteAll(); !status.ok()) return broken_ = status;  // which ends the run
    written_ += records.size();
    for (const Record& record : records) {
      if (Status status = context.Complete(record); !status.ok()) return status;
    }
    return {};
  }

  Status Close(Ending ending) override {
    if (fd_ < 0 || fd_ == STDOUT_FILENO) return broken_;
    const bool regular = target_ != path_;
    if (broken_.ok() && regular && fsync(fd_) != 0) broken_ = Failed("cannot be synced", errno);
    if (close(fd_) != 0 && broken_.ok()) broken_ = Failed("cannot be closed", errno);
    fd_ = -1;
    if (!broken_.ok() || !regular) return broken_;
    return broken_ = ending == Ending::kWhole ? Publish() : Keep();
  }

 private:
  Status Publish() {
    if (std::rename(target_.c_str(), path_.c_str()) == 0) return {};
    return Failed("cannot be renamed to " + path_, errno);
  }

  /// Of a run that was cut short: nothing whole is replaced by it.
  Status Keep() {
    if (written_ == 0) {
      std::remove(target_.c_str());
      return {};
    }
    if (access(path_.c_str(), F_OK) != 0) return Publish();
    return {retort::StatusCode::kCancelled, target_ + " holds what was finished (records: " + std::to_string(written_) +
                                                "); " + path_ + " is left as it was"};
  }

  Status WriteAll() {
    for (size_t done = 0; done < buffer_.size();) {
      const ssize_t n = write(fd_, buffer_.data() + done, buffer_.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("writing failed", errno, retort::StatusCode::kResourceExhausted);
      done += static_cast<size_t>(n);
    }
    return {};
  }

  Status Failed(const std::string& what, int error,
                retort::StatusCode code = retort::StatusCode::kInvalidArgument) const {
    const std::string name = target_.empty() ? "standard output" : target_;
    return {code, name + ": " + what + ": " + std::generic_category().message(error)};
  }

  std::string path_, target_, buffer_;
  int fd_ = -1;
  uint64_t written_ = 0;  // records
  Status broken_;
};

}  // namespace

RETORT_PLUGIN(WriteJsonl)
