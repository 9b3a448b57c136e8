#include "core/graph/engine/engine.h"

#include <exception>
#include <utility>

#include "core/graph/engine/compute_arena.h"
#include "core/graph/engine/scheduler.h"

namespace retort {
namespace {

// Open and Close of a body, which must not throw but might.
template <typename Step>
Status Guarded(const std::string& stage, const char* what, Step step) {
  Status status;
  try {
    status = step();
  } catch (const std::exception& error) {
    status = Internal(std::string("an exception escaped: ") + error.what());
  } catch (...) {
    status = Internal("an exception of unknown type escaped");
  }
  if (status.code() == StatusCode::kCancelled) return status;
  return status.Annotate("stage '" + stage + "' failed to " + what);
}

// Close a stage, and let `run` say what came of it.
void AddClosed(Stage& stage, bool cut_short, Status& run) {
  const Status closed = Guarded(stage.options.name, "close", [&] { return stage.body->Close(cut_short); });
  if (closed.ok()) return;
  if (closed.code() == StatusCode::kCancelled && !run.ok()) {
    run = {run.code(), run.message() + "; " + closed.message()};
  } else if (run.ok() || run.code() == StatusCode::kCancelled) {
    run = closed;  // output that may be incomplete outweighs a run that was cut short on purpose
  }
}

}  // namespace

struct Engine::Impl {
  explicit Impl(EngineOptions engine_options) : options(std::move(engine_options)) {}

  EngineOptions options;
  std::vector<std::unique_ptr<Stage>> stages;
  std::map<std::string, Stage*, std::less<>> by_name;
  std::atomic<StopLevel> stop{StopLevel::kRun};
  Counters counters;
  bool ran = false;

  Topology Shape() const;
  Status CheckOptions() const;
  void Run(RunReport& report);
  Status RunWithLetters(const Topology& topology, RunReport& report);
  Status RunOpened(DeadLetters& letters, const Topology& topology, RunReport& report);
};

Engine::Engine(EngineOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Engine::~Engine() = default;

Status Engine::AddStage(StageOptions options, std::unique_ptr<StageBody> body) {
  const std::string name = options.name;
  auto fault = [&](const std::string& text) { return InvalidArgument("stage '" + name + "': " + text); };
  if (name.empty()) return InvalidArgument("a stage has no name; give each stage a name of its own");
  if (!body) return fault("has no body");
  if (options.inputs > 1) return fault("expected 0 or 1 inputs, got " + std::to_string(options.inputs));
  if (options.max_batch == 0) return fault("max_batch is 0; a call takes at least 1 record");
  if (options.linger.count() < 0) return fault("linger is negative; use 0 to never wait for a fuller batch");
  if (options.optional_outputs.size() > options.outputs) {
    return fault("optional_outputs names " + std::to_string(options.optional_outputs.size()) + " ports of " +
                 std::to_string(options.outputs));
  }
  if (impl_->by_name.contains(name)) return AlreadyExists("stage '" + name + "' exists already; rename one of the two");
  auto index = static_cast<uint32_t>(impl_->stages.size());
  impl_->stages.push_back(std::make_unique<Stage>(std::move(options), std::move(body), index));
  impl_->by_name[name] = impl_->stages.back().get();
  return {};
}

Status Engine::Connect(const std::string& from, uint32_t port, const std::string& to, bool back) {
  auto source = impl_->by_name.find(from), target = impl_->by_name.find(to);
  const std::string edge = "the edge " + from + " -> " + to + ": ";
  if (source == impl_->by_name.end()) return NotFound(edge + "there is no stage '" + from + "'");
  if (target == impl_->by_name.end()) return NotFound(edge + "there is no stage '" + to + "'");
  if (port >= source->second->ports.size()) {
    return InvalidArgument(edge + "stage '" + from + "' has " + std::to_string(source->second->ports.size()) +
                           " output ports (counted from 0), got port " + std::to_string(port));
  }
  if (target->second->source()) return InvalidArgument(edge + "stage '" + to + "' is a source and takes no records");
  Stage::Port& out = source->second->ports[port];
  if (out.to != nullptr) {
    return AlreadyExists(edge + "output port " + std::to_string(port) + " of '" + from + "' leads to '" +
                         out.to->options.name + "' already; a port has one edge");
  }
  out.to = target->second;
  out.back = back;
  return {};
}

Topology Engine::Impl::Shape() const {
  Topology topology;
  for (const auto& stage : stages) {
    Topology::Node& node = topology.nodes.emplace_back();
    node.name = stage->options.name;
    node.source = stage->source();
    for (size_t p = 0; p < stage->ports.size(); ++p) {
      const Stage::Port& port = stage->ports[p];
      const std::vector<bool>& optional = stage->options.optional_outputs;
      node.ports.push_back({.to = port.to != nullptr ? port.to->index : 0,
                            .connected = port.to != nullptr,
                            .back = port.back,
                            .optional = p < optional.size() && optional[p]});
    }
  }
  return topology;
}

Status Engine::Impl::CheckOptions() const {
  if (options.credits == 0) return InvalidArgument("credits is 0; at least 1 record has to be in flight");
  return CheckComputeOptions(options);
}

// Everything between the last Open and the first Close.
Status Engine::Impl::RunOpened(DeadLetters& letters, const Topology& topology, RunReport& report) {
  try {
    return RunInArena(options, [&] {
      Scheduler scheduler(options, topology, stages, letters, stop, counters);
      return scheduler.Run(report.stranded);
    });
  } catch (const std::exception& error) {
    return Internal(std::string("the engine failed: ") + error.what());
  }
}

Status Engine::Impl::RunWithLetters(const Topology& topology, RunReport& report) {
  RETORT_ASSIGN_OR_RETURN(DeadLetters letters, DeadLetters::Open(options.dead_letter_path));
  const Status status = RunOpened(letters, topology, report);
  const Status published = letters.Publish(status.ok());
  return status.ok() ? published : status;
}

void Engine::Impl::Run(RunReport& report) {
  if (std::exchange(ran, true)) {
    report.status = InvalidArgument("Run was called twice; build a new engine for each run");
    return;
  }
  Topology topology = Shape();
  report.status = CheckOptions();
  if (report.status.ok()) report.status = topology.Check();
  if (!report.status.ok()) return;

  size_t opened = 0;
  while (opened < stages.size() && report.status.ok()) {
    Stage& stage = *stages[opened];
    report.status = Guarded(stage.options.name, "open", [&] { return stage.body->Open(); });
    if (report.status.ok()) ++opened;
  }
  if (report.status.ok()) report.status = RunWithLetters(topology, report);
  const bool aborted = !report.status.ok() && report.status.code() != StatusCode::kCancelled;
  const bool cut_short = aborted || stop == StopLevel::kStop;
  for (size_t i = 0; i < opened; ++i) AddClosed(*stages[i], cut_short, report.status);
}

RunReport Engine::Run() {
  RunReport report;
  auto begin = std::chrono::steady_clock::now();
  impl_->Run(report);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report.admitted = impl_->counters.admitted;
  report.completed = impl_->counters.completed;
  report.failed = impl_->counters.failed;
  report.skipped = impl_->counters.skipped;
  report.cancelled = impl_->counters.cancelled;
  report.not_begun = impl_->counters.not_begun;
  for (const auto& stage : impl_->stages) report.stages[stage->options.name] = stage->Stats();
  return report;
}

void Engine::Drain() { RaiseStop(impl_->stop, StopLevel::kDrain); }
void Engine::StopNow() { RaiseStop(impl_->stop, StopLevel::kStop); }

Engine::Progress Engine::progress() const {
  const Counters& c = impl_->counters;
  return {c.admitted, c.completed, c.failed, c.skipped, c.cancelled, c.not_begun};
}

std::vector<StageLoad> Engine::loads() const {
  std::vector<StageLoad> loads;
  for (const auto& stage : impl_->stages) loads.push_back(stage->Load());
  return loads;
}

std::vector<LiveStage> Engine::stages() const {
  std::vector<LiveStage> stages;
  for (const auto& stage : impl_->stages) stages.push_back({stage->source(), stage->Load(), stage->Stats()});
  return stages;
}

}  // namespace retort
