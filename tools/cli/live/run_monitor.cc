#include "tools/cli/live/run_monitor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "tools/cli/live/metrics_server.h"
#include "tools/cli/live/run_file.h"
#include "tools/cli/live/run_metrics.h"
#include "tools/cli/live/run_trace.h"
#include "tools/cli/output.h"
#include "tools/cli/run_progress.h"

namespace retort::cli {

void AddMonitorOptions(CLI::App& command, MonitorOptions& options) {
  command
      .add_option("--trace", options.trace,
                  "Write the calls of the stages as a trace for ui.perfetto.dev or chrome://tracing")
      ->type_name("FILE");
  CLI::Option* const port =
      command
          .add_option("--metrics-port", options.metrics_port,
                      "Serve metrics for Prometheus and `retort top` while the run is on; 0 = a free port")
          ->type_name("PORT");
  command.add_option("--metrics-address", options.metrics_address, "The address to serve them on")
      ->needs(port)
      ->capture_default_str()
      ->type_name("IP");
}

RunMonitor::RunMonitor(const PipelineDescription& pipeline, std::string file, bool quiet)
    : pipeline_(pipeline), file_(std::move(file)), quiet_(quiet) {}

RunMonitor::~RunMonitor() = default;

Result<std::unique_ptr<RunMonitor>> RunMonitor::Open(const MonitorOptions& options, const PipelineDescription& pipeline,
                                                     const std::string& file, bool quiet) {
  std::unique_ptr<RunMonitor> monitor(new RunMonitor(pipeline, file, quiet));
  if (options.metrics_port) {
    auto server = MetricsServer::Listen(options.metrics_address, *options.metrics_port);
    if (!server.ok()) return server.status().Annotate("--metrics-port");
    monitor->server_ = *std::move(server);
  }
  if (!options.trace.empty()) {
    auto trace = RunTrace::Open(options.trace, pipeline);
    if (!trace.ok()) return trace.status().Annotate("--trace");
    monitor->trace_ = *std::move(trace);
  }
  return monitor;
}

TraceRecorder* RunMonitor::recorder() { return trace_ ? &trace_->recorder() : nullptr; }

void RunMonitor::Begin(const PipelineRun& run) {
  if (trace_) trace_->Begin(run);
  if (server_) Publish(run);
  if (!quiet_) progress_ = std::make_unique<RunProgress>(run);
}

void RunMonitor::Publish(const PipelineRun& run) {
  server_->Serve([this, &run, start = std::chrono::steady_clock::now()] {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return RunMetricsText(pipeline_, file_, run.view(), seconds.count());
  });
  const std::string endpoint = server_->endpoint();
  auto written = RunFile::Write({getpid(), file_, endpoint});
  if (written.ok()) run_file_ = std::make_unique<RunFile>(*std::move(written));
  if (quiet_) return;
  PrintError(fmt::format("metrics: http://{}/metrics{}\n", endpoint,
                         server_->loopback() ? "" : " (other machines may reach it)"));
  if (!written.ok()) {
    PrintError("warning: `retort top` will not find this run by itself: " + written.status().message() + "\n");
  }
}

Status RunMonitor::End() {
  progress_.reset();
  run_file_.reset();
  server_.reset();
  if (!trace_) return {};
  const Status written = trace_->End();
  if (trace_->left_out() > 0 && !quiet_) {
    PrintError(fmt::format("warning: --trace: {} calls are missing: they came faster than they could be written\n",
                           trace_->left_out()));
  }
  return written.Annotate("--trace");
}

}  // namespace retort::cli
