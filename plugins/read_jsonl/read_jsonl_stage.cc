// read-jsonl: a source that turns each line of a file into a record.
#include <retort/sdk.h>

#include <chrono>
#include <memory>
#include <string>

#include "line_reader.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

using retort::read_jsonl::LineReader;

/// How long the reader waits before it looks whether the run was interrupted.
constexpr std::chrono::milliseconds kPatience(50);

class ReadJsonl final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("read-jsonl")
        .Summary("Read records from a JSONL file, one JSON object a line.")
        .Text(
            "Streams the file; memory does not grow with its size. Lines of a pipe are passed on as they come. Empty "
            "lines are skipped. A line that is no JSON object, is no valid UTF-8 or is longer than `max_line_bytes` "
            "fails as one record, with its line number, and reading goes on. The record's id is its field `id` (text "
            "or number), else the line number.")
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
    auto opened = LineReader::Open(path_, max_line_bytes_);
    if (!opened.ok()) return opened.status();
    lines_ = std::move(*opened);
    return {};
  }

  Result<More> Produce(Context& context, size_t want) override {
    const Result<More> more = ReadLines(context, want);
    CountBytes(context);
    return more;
  }

  Status Close(Ending) override {
    lines_.reset();
    return {};
  }

 private:
  Result<More> ReadLines(Context& context, size_t want) {
    for (size_t made = 0; made < want;) {
      if (limit_ > 0 && taken_ == limit_) return More::kEnd;
      // What was made leaves now where the rest is not there yet.
      const auto got = lines_->Next(made > 0 ? std::chrono::milliseconds(0) : kPatience);
      if (!got.ok()) {
        return retort::DataLoss(path_ + ": reading failed after line " + std::to_string(line_) + ": " +
                                got.status().message());
      }
      if (*got == LineReader::Got::kEnd) return More::kEnd;
      if (*got == LineReader::Got::kNothingYet) {
        if (made > 0 || context.Cancelled()) return More::kMore;
        continue;
      }
      ++line_;
      if (!lines_->too_long() && lines_->line().find_first_not_of(" \t\r") == std::string::npos) continue;
      ++taken_;
      ++made;
      if (Status status = Pass(context); !status.ok()) return status;
    }
    return More::kMore;
  }

  /// By these the host tells how many records are still to come.
  void CountBytes(Context& context) {
    if (!lines_->size()) return;
    if (counted_ == 0) {
      context.Count("input_bytes", static_cast<double>(*lines_->size()));
      if (limit_ > 0) context.Count("input_records_at_most", static_cast<double>(limit_));
    }
    context.Count("input_bytes_read", static_cast<double>(lines_->bytes_taken() - counted_));
    counted_ = lines_->bytes_taken();
  }

  /// Make a record of the line and emit it, or fail it.
  Status Pass(Context& context) {
    // An empty object stands for a line that was not kept, so that the record can fail with its line number.
    const Result<Record> record =
        context.Create(lines_->too_long() ? std::string_view("{}") : std::string_view(lines_->line()), line_);
    if (!record.ok()) return record.status();
    if (lines_->too_long()) {
      return context.Fail(
          *record, retort::InvalidArgument(path_ + ":" + std::to_string(line_) + ": expected a line of at most " +
                                           std::to_string(max_line_bytes_) +
                                           " bytes, got a longer one; raise max_line_bytes of this stage to take it"));
    }
    return *record ? context.Emit(0, *record) : Status();
  }

  std::string path_;
  size_t max_line_bytes_ = 0;
  uint64_t limit_ = 0, taken_ = 0, line_ = 0;
  uint64_t counted_ = 0;  // bytes
  std::unique_ptr<LineReader> lines_;
};

}  // namespace

RETORT_PLUGIN(ReadJsonl)
