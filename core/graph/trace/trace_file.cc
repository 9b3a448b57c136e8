#include "core/graph/trace/trace_file.h"

#include <fmt/compile.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace retort {
namespace {

constexpr uint32_t kRun = 1, kFirstStage = 2;  // processes, as the viewer calls them

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ProcessName(uint32_t process, const std::string& name) {
  return fmt::format(R"({{"name":"process_name","ph":"M","pid":{0},"args":{{"name":{1}}}}},
{{"name":"process_sort_index","ph":"M","pid":{0},"args":{{"sort_index":{0}}}}})",
                     process, Quoted(name));
}

}  // namespace

Result<TraceFile> TraceFile::Open(const std::string& path, const std::string& pipeline,
                                  const std::vector<std::string>& stages) {
  File file(std::fopen(path.c_str(), "we"), &std::fclose);
  if (!file) return NotFound(path + ": cannot be written: " + std::strerror(errno));
  TraceFile trace(std::move(file), path);
  trace.NameProcesses(pipeline, stages);
  return trace;
}

void TraceFile::NameProcesses(const std::string& pipeline, const std::vector<std::string>& stages) {
  const fmt::appender out(text_);
  fmt::format_to(out, "[\n{}", ProcessName(kRun, pipeline.empty() ? "run" : pipeline));
  for (size_t i = 0; i < stages.size(); ++i) {
    names_.push_back(Quoted(stages[i]));
    fmt::format_to(out, ",\n{}", ProcessName(kFirstStage + static_cast<uint32_t>(i), stages[i]));
  }
}

void TraceFile::Format(const TraceEvent& event) {
  const fmt::appender out(text_);
  const uint32_t process = kFirstStage + event.stage;
  const int64_t micros = event.nanoseconds / 1000, rest = event.nanoseconds % 1000;  // times are in microseconds
  switch (event.kind) {
    case TraceEvent::Kind::kBegin:
      if (tracks_.emplace(event.stage, event.thread).second) {
        fmt::format_to(out, ",\n{{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":{},\"tid\":{},", process, event.thread);
        fmt::format_to(out, "\"args\":{{\"name\":\"thread {}\"}}}}", event.thread);
      }
      fmt::format_to(
          out, FMT_COMPILE(",\n{{\"name\":{},\"cat\":\"call\",\"ph\":\"B\",\"ts\":{}.{:03},\"pid\":{},\"tid\":{}"),
          names_[event.stage], micros, rest, process, event.thread);
      if (event.value > 0) fmt::format_to(out, FMT_COMPILE(",\"args\":{{\"batch\":{}}}"), event.value);
      break;
    case TraceEvent::Kind::kEnd:
      fmt::format_to(out, FMT_COMPILE(",\n{{\"ph\":\"E\",\"ts\":{}.{:03},\"pid\":{},\"tid\":{}"), micros, rest, process,
                     event.thread);
      if (event.value > 0) fmt::format_to(out, FMT_COMPILE(",\"args\":{{\"created\":{}}}"), event.value);
      break;
    case TraceEvent::Kind::kWaiting:
    case TraceEvent::Kind::kInFlight: {
      const bool waiting = event.kind == TraceEvent::Kind::kWaiting;
      fmt::format_to(out, ",\n{{\"name\":\"{}\",\"ph\":\"C\",\"ts\":{}.{:03},\"pid\":{},\"args\":{{\"records\":{}}}",
                     waiting ? "waiting" : "in flight", micros, rest, waiting ? process : kRun, event.value);
    }
  }
  text_.push_back('}');
}

void TraceFile::Write(std::span<const TraceEvent> events) {
  constexpr size_t kPiece = size_t{1} << 18;
  for (const TraceEvent& event : events) {
    Format(event);
    if (text_.size() >= kPiece) Flush();
  }
  Flush();
}

void TraceFile::Flush() {
  errno = 0;
  if (error_ == 0 && std::fwrite(text_.data(), 1, text_.size(), file_.get()) != text_.size())
    error_ = errno != 0 ? errno : EIO;
  text_.clear();
}

Status TraceFile::Close(uint64_t left_out) {
  if (left_out > 0) {
    fmt::format_to(fmt::appender(text_),
                   ",\n{{\"name\":\"calls_left_out\",\"ph\":\"M\",\"pid\":{},\"args\":{{\"calls\":{}}}}}", kRun,
                   left_out);
  }
  fmt::format_to(fmt::appender(text_), "\n]\n");
  Flush();
  errno = 0;
  if (std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno != 0 ? errno : EIO;
  return error_ == 0 ? Status() : ResourceExhausted(path_ + ": writing failed: " + std::strerror(error_));
}

}  // namespace retort
