#include "core/graph/engine/topology.h"

#include <gmock/gmock.h>

namespace retort {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Topology::Edge To(uint32_t node, bool back = false) { return {.to = node, .connected = true, .back = back}; }

// source -> a -> b -> sink, b -> a closes a cycle
Topology Loop(bool back) {
  return {{{.name = "source", .source = true, .ports = {To(1)}},
           {.name = "a", .ports = {To(2)}},
           {.name = "b", .ports = {To(3), To(1, back)}},
           {.name = "sink"}}};
}

TEST(Topology, AcceptsADeclaredCycle) { EXPECT_TRUE(Loop(true).Check().ok()) << Loop(true).Check().ToString(); }

TEST(Topology, NamesAnUndeclaredCycle) {
  Status status = Loop(false).Check();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("a -> b -> a"));
}

TEST(Topology, NamesAnUndeclaredCycleOfOneStage) {
  Topology graph{{{.name = "source", .source = true, .ports = {To(1)}}, {.name = "a", .ports = {To(1)}}}};
  EXPECT_THAT(graph.Check().message(), HasSubstr("a -> a"));
  graph.nodes[1].ports[0].back = true;
  EXPECT_TRUE(graph.Check().ok());
}

TEST(Topology, RefusesABackEdgeThatClosesNothing) {
  Topology graph{{{.name = "source", .source = true, .ports = {To(1, true)}}, {.name = "sink"}}};
  EXPECT_THAT(graph.Check().message(), HasSubstr("source -> sink is declared as a back edge but closes no cycle"));
}

TEST(Topology, RefusesACycleOfBackEdgesAlone) {
  Topology graph{{{.name = "source", .source = true, .ports = {To(1)}},
                  {.name = "a", .ports = {To(2, true)}},
                  {.name = "b", .ports = {To(1, true)}}}};
  EXPECT_THAT(graph.Check().message(), HasSubstr("a -> b is declared as a back edge but closes no cycle"));
}

TEST(Topology, ReportsEveryFaultAtOnce) {
  Topology graph{{{.name = "a", .ports = {To(1), {}}}, {.name = "b", .ports = {To(0)}}}};
  std::string message = graph.Check().message();
  EXPECT_THAT(message, HasSubstr("no source"));
  EXPECT_THAT(message, HasSubstr("stage 'a': output port 1 is not connected"));
  EXPECT_THAT(message, HasSubstr("a -> b -> a"));
}

TEST(Topology, RefusesAStageOutOfReach) {
  Topology graph{{{.name = "source", .source = true, .ports = {To(1)}}, {.name = "sink"}, {.name = "island"}}};
  EXPECT_THAT(graph.Check().message(), HasSubstr("stage 'island' is out of reach of every source"));
}

TEST(Topology, LeavesOptionalPortsOpen) {
  Topology graph{{{.name = "source", .source = true, .ports = {{.optional = true}}}}};
  EXPECT_TRUE(graph.Check().ok());
}

TEST(Topology, RanksByTheLongestWay) {
  Topology graph{{{.name = "source", .source = true, .ports = {To(1), To(2)}},
                  {.name = "a", .ports = {To(2)}},
                  {.name = "b", .ports = {To(1, true)}}}};
  EXPECT_THAT(graph.Ranks(), ElementsAre(0, 1, 2));
}

TEST(Topology, AncestorsFollowBackEdges) {
  auto ancestors = Loop(true).Ancestors();
  EXPECT_THAT(ancestors[0], ElementsAre());
  EXPECT_THAT(ancestors[1], ElementsAre(0, 1, 2));
  EXPECT_THAT(ancestors[3], ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace retort
