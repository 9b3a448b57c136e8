#include "tools/cli/live/run_trace.h"

#include <utility>

namespace retort::cli {
namespace {

constexpr std::chrono::milliseconds kLook{5};  // at the queues
constexpr int kLooksAWrite = 20;

}  // namespace

Result<std::unique_ptr<RunTrace>> RunTrace::Open(const std::string& path, const PipelineDescription& pipeline) {
  std::vector<std::string> stages;
  for (const StageDescription& stage : pipeline.stages) stages.push_back(stage.name);
  RETORT_ASSIGN_OR_RETURN(TraceFile file, TraceFile::Open(path, pipeline.name, stages));
  return std::unique_ptr<RunTrace>(new RunTrace(std::move(file)));
}

RunTrace::~RunTrace() { Stop(); }

void RunTrace::Begin(const PipelineRun& run) {
  run_ = &run;
  thread_ = std::thread([this] { Loop(); });
}

void RunTrace::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Status RunTrace::End() {
  Stop();
  if (run_ != nullptr) LookAtQueues();
  WriteDown();
  return file_.Close(recorder_.left_out());
}

void RunTrace::Loop() {
  std::unique_lock lock(mutex_);
  for (int looks = 0; !wake_.wait_for(lock, kLook, [this] { return ended_; });) {
    LookAtQueues();
    if (++looks < kLooksAWrite && !recorder_.HalfFull()) continue;
    looks = 0;
    WriteDown();
  }
}

void RunTrace::LookAtQueues() {
  const std::vector<StageLoad> loads = run_->loads();
  waiting_.resize(loads.size());
  for (size_t i = 0; i < loads.size(); ++i) {
    if (std::exchange(waiting_[i], loads[i].waiting) == loads[i].waiting) continue;
    recorder_.Count(TraceEvent::Kind::kWaiting, static_cast<uint32_t>(i), static_cast<uint32_t>(loads[i].waiting));
  }
  const uint64_t in_flight = run_->in_flight();
  if (std::exchange(in_flight_, in_flight) == in_flight) return;
  recorder_.Count(TraceEvent::Kind::kInFlight, 0, static_cast<uint32_t>(in_flight));
}

void RunTrace::WriteDown() {
  recorder_.Take(events_);
  file_.Write(events_);
}

}  // namespace retort::cli
