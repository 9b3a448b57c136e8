// read-jsonl: a source that turns each line of a file into a record.
#include <retort/sdk.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

class ReadJsonl final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("read-jsonl")
        .Summary("Read records from a JSONL file, one JSON object a line.")
        .Text(
            "Streams the file; memory does not grow with its size. Empty lines are skipped. A line that is no JSON "
            "object, "
            "is no valid UTF-8 or is longer than `max_line_bytes` fails as one record, with its line number, and "
            "reading "
            "goes on. The record's id is its field `id` (text or number), else the line number.")
        .Example("{ path: prompts.jsonl }")
        .Output("out", "record", "Records in the order of the file.")
        .Option(OptionSpec::Path("path").Text("The file to read; `-` is standard input.").Example("prompts.jsonl"))
        .Option(OptionSpec::Int("max_line_bytes")
                    .Text("Longer lines fail as a record and are not held in memory.")
                    .Unit("bytes")
                    .Range(64, 1 << 30)
                    .Default(16 << 20)
                    .Example("1048576"))
        .Option(OptionSpec::Int("limit")
                    .Text("Stop after this many lines that are not empty; 0 = all.")
                    .Unit("records")
                    .Min(0)
                    .Default(0)
                    .Example("100"))
        .Blocking();
  }

  static Result<std::unique_ptr<ReadJsonl>> Create(const Config& config) {
    auto stage = std::make_unique<ReadJsonl>();
    stage->path_ = config.String("path");
    stage->max_line_bytes_ = static_cast<size_t>(config.Int("max_line_bytes"));
    stage->limit_ = static_cast<uint64_t>(config.Int("limit"));
    return stage;
  }

  Status Open() override {
    file_.reset(path_ == "-" ? stdin : std::fopen(path_.c_str(), "rb"));
    if (file_ == nullptr) return retort::NotFound(path_ + ": cannot be read: " + std::strerror(errno));
    return {};
  }

  Result<More> Produce(Context& context, size_t want) override {
    for (size_t made = 0; made < want;) {
      if (limit_ > 0 && taken_ == limit_) return More::kEnd;
      bool too_long = false;
      if (!ReadLine(&too_long)) {
        if (std::ferror(file_.get()))
          return retort::DataLoss(path_ + ": reading failed after line " + std::to_string(line_) + ": " +
                                  std::strerror(errno));
        return More::kEnd;
      }
      ++line_;
      if (!too_long && text_.find_first_not_of(" \t\r") == std::string::npos) continue;
      ++taken_;
      ++made;
      // An empty object stands for a line that was not kept, so that the record can fail with its line number.
      const Result<Record> record = context.Create(too_long ? std::string_view("{}") : text_, line_);
      if (!record.ok()) return record.status();
      if (too_long) {
        const Status status = context.Fail(
            *record,
            retort::InvalidArgument(path_ + ":" + std::to_string(line_) + ": expected a line of at most " +
                                    std::to_string(max_line_bytes_) +
                                    " bytes, got a longer one; raise max_line_bytes of this stage to take it"));
        if (!status.ok()) return status;
        continue;
      }
      if (*record) {
        if (Status status = context.Emit(0, *record); !status.ok()) return status;
      }
    }
    return More::kMore;
  }

  Status Close() override {
    file_.reset();
    return {};
  }

 private:
  /// The next line without its end; false at the end of the file. At most max_line_bytes_ are kept.
  bool ReadLine(bool* too_long) {
    text_.clear();
    bool any = false;
    for (int c; (c = std::getc(file_.get())) != EOF;) {
      any = true;
      if (c == '\n') break;
      if (text_.size() < max_line_bytes_) {
        text_.push_back(static_cast<char>(c));
      } else {
        *too_long = true;
      }
    }
    if (!text_.empty() && text_.back() == '\r') text_.pop_back();
    return any;
  }

  std::string path_, text_;
  size_t max_line_bytes_ = 0;
  uint64_t limit_ = 0, taken_ = 0, line_ = 0;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

}  // namespace

RETORT_PLUGIN(ReadJsonl)
