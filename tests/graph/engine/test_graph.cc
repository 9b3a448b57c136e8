#include "tests/graph/engine/test_graph.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace retort::test {

Status NumberSource::Process(StageContext& context, Records, size_t want, bool* end) {
  for (; want > 0 && next_ < count_; --want, ++next_) {
    RETORT_ASSIGN_OR_RETURN(Record * record, context.Create());
    record->id = std::to_string(next_);
    record->line = next_ + 1;
    record->bytes = bytes_;
    record->json = {{"n", next_}};
    RETORT_RETURN_IF_ERROR(context.Emit(0, record));
  }
  *end = next_ == count_;
  return {};
}

Handler EmitAll(uint32_t port) {
  return [port](StageContext& context, Records records) {
    for (Record* record : records) RETORT_RETURN_IF_ERROR(context.Emit(port, record));
    return Status();
  };
}

Handler CompleteAll() {
  return [](StageContext& context, Records records) {
    for (Record* record : records) RETORT_RETURN_IF_ERROR(context.Complete(record));
    return Status();
  };
}

TestGraph& TestGraph::Source(uint64_t count, uint64_t bytes) {
  return Body({.name = "source", .inputs = 0}, std::make_unique<NumberSource>(count, bytes));
}

TestGraph& TestGraph::Stage(StageOptions options, Handler process) {
  return Body(std::move(options), std::make_unique<LambdaBody>(std::move(process)));
}

TestGraph& TestGraph::Body(StageOptions options, std::unique_ptr<StageBody> body) {
  Status added = engine.AddStage(std::move(options), std::move(body));
  EXPECT_TRUE(added.ok()) << added.ToString();
  return *this;
}

TestGraph& TestGraph::Sink() { return Stage({.name = "sink", .outputs = 0, .max_batch = 16}, CompleteAll()); }

TestGraph& TestGraph::Edge(const std::string& from, const std::string& to, uint32_t port, bool back) {
  Status connected = engine.Connect(from, port, to, back);
  EXPECT_TRUE(connected.ok()) << connected.ToString();
  return *this;
}

RunReport TestGraph::Run(int seconds) {
  std::promise<void> done;
  std::thread watchdog([&done, seconds, finished = done.get_future()] {
    if (finished.wait_for(std::chrono::seconds(seconds)) == std::future_status::ready) return;
    std::fprintf(stderr, "watchdog: the run hangs for more than %d s\n", seconds);
    std::abort();
  });
  RunReport report = engine.Run();
  done.set_value();
  watchdog.join();
  return report;
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string TempPath(const std::string& name) {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string file = std::string(test->test_suite_name()) + "." + test->name() + "." + name;
  std::replace(file.begin(), file.end(), '/', '.');
  return testing::TempDir() + file;
}

}  // namespace retort::test
