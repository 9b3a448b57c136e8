// What a user can see of a run while it is on: progress on stderr, a trace, metrics.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/graph/run.h"

namespace retort::cli {

struct MonitorOptions {
  std::string trace;  // "": none
  std::optional<uint16_t> metrics_port;
  std::string metrics_address = "127.0.0.1";
};

/// Add --trace, --metrics-port and --metrics-address.
void AddMonitorOptions(CLI::App& command, MonitorOptions& options);

class MetricsServer;
class RunFile;
class RunProgress;
class RunTrace;

class RunMonitor {
 public:
  /// Opens the trace and the port, before the models are loaded. `quiet`: say nothing. `pipeline` must outlive this.
  /// Errors: those of RunTrace::Open and MetricsServer::Listen, naming the option.
  static Result<std::unique_ptr<RunMonitor>> Open(const MonitorOptions& options, const PipelineDescription& pipeline,
                                                  const std::string& file, bool quiet);
  ~RunMonitor();

  /// For RunProbes::trace; null without a trace.
  TraceRecorder* recorder();
  /// Before run.Run(); `run` must be there until End.
  void Begin(const PipelineRun& run);
  /// After it. Errors: a trace that could not be written whole.
  Status End();

 private:
  RunMonitor(const PipelineDescription& pipeline, std::string file, bool quiet);
  void Publish(const PipelineRun& run);

  const PipelineDescription& pipeline_;
  const std::string file_;
  const bool quiet_;
  std::unique_ptr<RunTrace> trace_;
  std::unique_ptr<MetricsServer> server_;
  std::unique_ptr<RunFile> run_file_;
  std::unique_ptr<RunProgress> progress_;
};

}  // namespace retort::cli
