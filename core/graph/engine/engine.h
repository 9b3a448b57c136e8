// The engine: stages as nodes of a oneTBB flow graph, records as handles on its edges.
// Build a graph with AddStage and Connect, then Run once. Semantics: core/design/001-engine.md.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/stage_body.h"

namespace retort {

/// A source (no input) is called whenever credits are free, for as many records as there are; its max_batch, linger and
/// ordered mean nothing. Ordered, blocking and exclusive stages run one call at a time, whatever `concurrent` says.
struct StageOptions {
  std::string name;
  uint32_t inputs = 1;  // 0 (a source) or 1
  uint32_t outputs = 1;
  uint32_t max_batch = 1;  // records a call at most, from 1
  // How long a call may wait for a fuller batch while other records are on the way.
  std::chrono::microseconds linger{0};
  bool concurrent = false;  // several calls at once, as many as there are compute threads
  bool ordered = false;     // records arrive in order of admission; one that comes again (a cycle) is not held up
  bool blocking = false;    // runs on a thread of its own, off the compute threads
  std::string exclusive{};  // stages with the same non-empty name (a model) never run at the same time
  int priority = 0;         // higher first; among equals the stage further from the sources
  std::vector<bool> optional_outputs{};  // true: may stay unconnected; records emitted there count as completed
};

/// Where compute threads run: wherever the system puts them, or each on a core of its own.
enum class Affinity { kNone, kCores };

struct EngineOptions {
  uint32_t credits = 256;              // records in flight at most, from 1
  uint64_t credit_bytes = 256u << 20;  // bytes of JSON in flight at most; one record always fits, and a record larger
                                       // than all before it may exceed the bound by its own batch
  uint32_t max_cycles = 1u << 20;      // back edges a record may take before it fails
  bool deterministic = false;          // one call at a time on one thread, fixed order and batch shapes, no lingering
  int threads = 0;                     // 0 = all
  Affinity affinity = Affinity::kNone;
  int numa = -1;  // the node, as oneTBB numbers them, on which threads run; -1 = any
  uint64_t seed = 0;
  std::string dead_letter_path{};  // replaced if it exists; empty: failures are only counted
};

/// samples["batch"] is the distribution of records a call, samples["queue"] of those that stood before the stage as a
/// call began, its own included; counters["skipped: <reason>"] counts the skipped.
struct StageStats {
  uint64_t calls = 0, records_in = 0, records_out = 0, failed = 0;
  double busy_seconds = 0;
  std::map<std::string, double> counters;
  struct Distribution {
    uint64_t count = 0;
    double sum = 0, min = 0, max = 0;
    void Add(double value) {
      min = count == 0 ? value : std::min(min, value);
      max = count == 0 ? value : std::max(max, value);
      sum += value;
      ++count;
    }
  };
  std::map<std::string, Distribution> samples;
};

/// Where the records of a stage are while the run is on.
struct StageLoad {
  uint64_t waiting = 0;  // records that stand before it, those held for their turn included
  uint32_t running = 0;  // calls
  bool ended = false;    // a source that has no more records
};

/// A stage while the run is on. The numbers are those of calls that have ended.
struct LiveStage {
  bool source = false;
  StageLoad load;
  StageStats stats;
};

struct Stranded {
  std::string record_id;
  std::string stage;
};

struct RunReport {
  uint64_t admitted = 0, completed = 0, failed = 0, skipped = 0, cancelled = 0;
  uint64_t not_begun = 0;  // of the cancelled: a model had computed nothing for them yet
  double seconds = 0;
  std::map<std::string, StageStats> stages;
  std::vector<Stranded> stranded;  // admitted but never accounted for: a defect of a stage or of the engine
  Status status;                   // OK, kCancelled, or what aborted the run (dead-letter file unwritable, ...)
  bool conserved() const { return admitted == completed + failed + skipped + cancelled; }
};

class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();

  /// Errors: kAlreadyExists for a second stage of that name.
  Status AddStage(StageOptions options, std::unique_ptr<StageBody> body);
  /// Wire an output port to a stage's input. `back` marks the edge that closes a cycle.
  /// Errors: kNotFound, kAlreadyExists where the port is wired, kInvalidArgument for a port that is not there.
  Status Connect(const std::string& from, uint32_t port, const std::string& to, bool back);

  /// Run to the end, on this thread and options.threads - 1 others. Errors that keep it from starting (an undeclared
  /// cycle, an unconnected port that is not optional, a stage that fails to open) are in the report's status. Call
  /// once.
  RunReport Run();

  /// Callable from any thread, also from a signal handler (sets atomics only). First level: admit no more, let go what
  /// stands before a model that has computed nothing for it yet, finish the rest. Second level: stop at the next call's
  /// end; what stands at a last stage is delivered, the rest counts as cancelled.
  void Drain();
  void StopNow();

  /// Live views of a run, callable from any thread once every stage is added. Stages are in the order of AddStage;
  /// each is consistent in itself. loads() takes a lock a stage for some instructions, stages() copies every metric.
  struct Progress {
    uint64_t admitted, completed, failed, skipped, cancelled, not_begun;
    uint64_t in_flight() const {
      const uint64_t left = completed + failed + skipped + cancelled;
      return admitted > left ? admitted - left : 0;  // the counters are not read at one moment
    }
  };
  Progress progress() const;
  std::vector<StageLoad> loads() const;
  std::vector<LiveStage> stages() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace retort
