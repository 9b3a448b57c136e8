// Graphs of stages written as lambdas, run under a watchdog.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/graph/engine/engine.h"

namespace retort::test {

using Records = std::span<Record* const>;
using Handler = std::function<Status(StageContext&, Records)>;

/// A body without state of its own.
class LambdaBody final : public StageBody {
 public:
  explicit LambdaBody(Handler process) : process_(std::move(process)) {}
  Status Process(StageContext& context, Records records, size_t, bool*) override { return process_(context, records); }

 private:
  Handler process_;
};

/// Creates `count` records with ids "0", "1", ... and JSON {"n": number}; `bytes` is each record's size.
class NumberSource final : public StageBody {
 public:
  explicit NumberSource(uint64_t count, uint64_t bytes = 10) : count_(count), bytes_(bytes) {}
  Status Process(StageContext& context, Records records, size_t want, bool* end) override;

 private:
  uint64_t count_, bytes_, next_ = 0;
};

/// Emit every record on `port`.
Handler EmitAll(uint32_t port = 0);
Handler CompleteAll();

class TestGraph {
 public:
  explicit TestGraph(EngineOptions options = {}) : engine(std::move(options)) {}

  TestGraph& Source(uint64_t count, uint64_t bytes = 10);
  TestGraph& Stage(StageOptions options, Handler process);
  TestGraph& Body(StageOptions options, std::unique_ptr<StageBody> body);
  /// A stage "sink" without outputs that completes.
  TestGraph& Sink();
  TestGraph& Edge(const std::string& from, const std::string& to, uint32_t port = 0, bool back = false);

  /// Run; the process dies with a message if that takes longer than `seconds`.
  RunReport Run(int seconds = 120);

  Engine engine;
};

/// The file's lines.
std::vector<std::string> ReadLines(const std::string& path);
/// A path in the test's temporary folder, unique to the running test.
std::string TempPath(const std::string& name);

}  // namespace retort::test
