// What the engine refuses before anything runs.
#include <gmock/gmock.h>
#include <oneapi/tbb/info.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

using testing::HasSubstr;

TEST(EngineChecks, RefusesFaultyStages) {
  Engine engine({});
  auto add = [&](StageOptions options) {
    return engine.AddStage(std::move(options), std::make_unique<LambdaBody>(EmitAll()));
  };
  EXPECT_TRUE(add({.name = "a"}).ok());
  EXPECT_EQ(add({.name = "a"}).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(add({.name = ""}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({.name = "b", .max_batch = 0}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({.name = "b", .inputs = 2}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(add({.name = "b", .outputs = 1, .optional_outputs = {true, true}}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine.AddStage({.name = "b"}, nullptr).code(), StatusCode::kInvalidArgument);
}

TEST(EngineChecks, RefusesFaultyEdges) {
  TestGraph graph;
  graph.Source(1).Stage({.name = "a"}, EmitAll()).Sink().Edge("source", "a");
  Engine& engine = graph.engine;
  EXPECT_EQ(engine.Connect("nobody", 0, "a", false).code(), StatusCode::kNotFound);
  EXPECT_EQ(engine.Connect("a", 0, "nobody", false).code(), StatusCode::kNotFound);
  EXPECT_EQ(engine.Connect("source", 0, "sink", false).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(engine.Connect("a", 1, "sink", false).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine.Connect("a", 0, "source", true).code(), StatusCode::kInvalidArgument);
}

TEST(EngineChecks, RefusesAnUndeclaredCycleByName) {
  TestGraph graph;
  graph.Source(1).Stage({.name = "a"}, EmitAll()).Stage({.name = "b"}, EmitAll());
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "a");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(report.status.message(), HasSubstr("a -> b -> a"));
  EXPECT_EQ(report.admitted, 0u);
}

TEST(EngineChecks, RefusesOptionsThatAdmitNothing) {
  TestGraph graph({.credits = 0});
  graph.Source(1).Sink().Edge("source", "sink");
  EXPECT_THAT(graph.Run().status.message(), HasSubstr("credits is 0"));
  TestGraph negative({.threads = -1});
  negative.Source(1).Sink().Edge("source", "sink");
  EXPECT_THAT(negative.Run().status.message(), HasSubstr("threads is -1"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // RTLD_DEEPBIND ends the process
#else
constexpr bool kSanitized = false;
#endif

TEST(EngineChecks, RefusesPlacesForThreadsThatAreNotThere) {
  if (kSanitized) GTEST_SKIP() << "oneTBB opens its library for nodes in a way that sanitizers do not bear";
  TestGraph far({.numa = 4000});
  far.Source(1).Sink().Edge("source", "sink");
  const Status status = far.Run().status;
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("numa is 4000"));
  TestGraph both({.affinity = Affinity::kCores, .numa = 0});
  both.Source(1).Sink().Edge("source", "sink");
  EXPECT_THAT(both.Run().status.message(), HasSubstr("leave one of them out"));
}

TEST(EngineChecks, RunsOnEachNumaNodeThatIsThere) {
  if (kSanitized) GTEST_SKIP() << "oneTBB opens its library for nodes in a way that sanitizers do not bear";
  for (const tbb::numa_node_id node : tbb::info::numa_nodes()) {  // -1 alone where oneTBB knows none
    TestGraph graph({.threads = 2, .numa = node});
    graph.Source(10).Sink().Edge("source", "sink");
    EXPECT_EQ(graph.Run().completed, 10u) << node;
  }
}

TEST(EngineChecks, RunsOnce) {
  TestGraph graph;
  graph.Source(1).Sink().Edge("source", "sink");
  EXPECT_TRUE(graph.Run().status.ok());
  EXPECT_THAT(graph.Run().status.message(), HasSubstr("Run was called twice"));
}

class Opening final : public StageBody {
 public:
  Opening(Status open, Status close, std::vector<std::string>& log, std::string name)
      : open_(std::move(open)), close_(std::move(close)), log_(log), name_(std::move(name)) {}
  Status Open() override { return log_.push_back("open " + name_), open_; }
  Status Process(StageContext& context, Records records, size_t, bool*) override {
    return CompleteAll()(context, records);
  }
  Status Close(bool) override { return log_.push_back("close " + name_), close_; }

 private:
  Status open_, close_;
  std::vector<std::string>& log_;
  std::string name_;
};

TEST(EngineChecks, ClosesWhatWasOpenedWhenAnOpenFails) {
  std::vector<std::string> log;
  TestGraph graph;
  graph.Source(5).Stage({.name = "a", .outputs = 2}, EmitAll());
  graph.Body({.name = "b", .outputs = 0}, std::make_unique<Opening>(Status(), Status(), log, "b"));
  graph.Body({.name = "c", .outputs = 0}, std::make_unique<Opening>(NotFound("no such file"), Status(), log, "c"));
  graph.Edge("source", "a").Edge("a", "b").Edge("a", "c", 1);
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kNotFound);
  EXPECT_EQ(report.status.message(), "stage 'c' failed to open: no such file");
  EXPECT_THAT(log, testing::ElementsAre("open b", "open c", "close b"));
  EXPECT_EQ(report.admitted, 0u);
}

TEST(EngineChecks, AFailingCloseIsTheRunsStatus) {
  std::vector<std::string> log;
  TestGraph graph;
  graph.Source(5).Body({.name = "b", .outputs = 0},
                       std::make_unique<Opening>(Status(), ResourceExhausted("disk full"), log, "b"));
  graph.Edge("source", "b");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(report.status.message(), "stage 'b' failed to close: disk full");
  EXPECT_EQ(report.completed, 5u);
}

}  // namespace
}  // namespace retort::test
