#include "core/graph/drawing/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace retort {
namespace {

LayoutEdge Edge(size_t from, size_t to, bool back = false) { return {from, to, back, 60, 16, 18}; }

std::vector<LayoutBox> Boxes(size_t count) { return std::vector<LayoutBox>(count, {120, 60}); }

std::vector<size_t> Columns(const GraphLayout& layout) {
  std::vector<size_t> columns;
  for (const PlacedBox& box : layout.boxes) columns.push_back(box.column);
  return columns;
}

bool Apart(const PlacedBox& a, const PlacedBox& b) {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

/// Whether a piece of a way, level or upright, leads through the inside of a box.
bool Through(const LayoutPoint& a, const LayoutPoint& b, const PlacedBox& box) {
  return std::max(a.x, b.x) > box.x + 0.01 && std::min(a.x, b.x) < box.x + box.width - 0.01 &&
         std::max(a.y, b.y) > box.y + 0.01 && std::min(a.y, b.y) < box.y + box.height - 0.01;
}

/// What holds of every layout.
void ExpectSound(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges) {
  const GraphLayout layout = LayOut(boxes, edges);
  ASSERT_EQ(layout.boxes.size(), boxes.size());
  ASSERT_EQ(layout.routes.size(), edges.size());
  for (size_t i = 0; i < boxes.size(); ++i) {
    const PlacedBox& box = layout.boxes[i];
    EXPECT_GE(box.width, boxes[i].width);
    EXPECT_GE(box.height, boxes[i].height);
    EXPECT_TRUE(box.x >= 0 && box.y >= 0 && box.x + box.width <= layout.width && box.y + box.height <= layout.height);
    for (size_t j = 0; j < i; ++j) EXPECT_TRUE(Apart(box, layout.boxes[j])) << i << " and " << j;
  }
  for (size_t i = 0; i < edges.size(); ++i) {
    const EdgeRoute& route = layout.routes[i];
    const PlacedBox &from = layout.boxes[edges[i].from], &to = layout.boxes[edges[i].to];
    const LayoutPoint first = route.points.front(), last = route.points.back();
    EXPECT_DOUBLE_EQ(first.x, from.x + from.width) << "leaves on the right";
    EXPECT_DOUBLE_EQ(last.x, to.x) << "enters on the left";
    EXPECT_TRUE(first.y > from.y && first.y < from.y + from.height);
    EXPECT_TRUE(last.y > to.y && last.y < to.y + to.height);
    EXPECT_TRUE(route.around || from.column < to.column);
    EXPECT_TRUE(route.around || !edges[i].back);
    for (size_t p = 0; p < route.points.size(); ++p) {
      const LayoutPoint& point = route.points[p];
      EXPECT_TRUE(point.x >= 0 && point.x <= layout.width && point.y >= 0 && point.y <= layout.height);
      const bool straight = route.around || p % 2 == 1;
      for (size_t box = 0; p > 0 && straight && box < boxes.size(); ++box)
        EXPECT_FALSE(Through(route.points[p - 1], point, layout.boxes[box])) << "edge " << i << ", box " << box;
    }
  }
}

TEST(GraphLayout, NothingHasNoSize) {
  const GraphLayout layout = LayOut({}, {});
  EXPECT_TRUE(layout.boxes.empty());
  EXPECT_EQ(layout.width, 0);
}

TEST(GraphLayout, ColumnsAreLongestWaysFromASource) {
  const std::vector<LayoutEdge> edges = {Edge(0, 1), Edge(1, 2), Edge(0, 2), Edge(2, 3), Edge(4, 3), Edge(3, 1, true)};
  EXPECT_EQ(Columns(LayOut(Boxes(6), edges)), (std::vector<size_t>{0, 1, 2, 3, 0, 0}));
  ExpectSound(Boxes(6), edges);
}

TEST(GraphLayout, AChainIsStraight) {
  const std::vector<LayoutEdge> edges = {Edge(0, 1), Edge(1, 2), Edge(2, 3)};
  const GraphLayout layout = LayOut(Boxes(4), edges);
  for (const EdgeRoute& route : layout.routes) {
    for (const LayoutPoint& point : route.points) EXPECT_NEAR(point.y, layout.routes[0].points[0].y, 0.01);
  }
}

TEST(GraphLayout, EdgesThatNeedNotCrossDoNot) {
  // Two sources, each with an edge to the box that comes later in the order of the other.
  const std::vector<LayoutEdge> edges = {Edge(0, 3), Edge(1, 2), Edge(3, 5), Edge(2, 4)};
  const GraphLayout layout = LayOut(Boxes(6), edges);
  EXPECT_EQ(layout.boxes[0].y < layout.boxes[1].y, layout.boxes[3].y < layout.boxes[2].y);
  EXPECT_EQ(layout.boxes[3].y < layout.boxes[2].y, layout.boxes[5].y < layout.boxes[4].y);
}

TEST(GraphLayout, BackEdgesRunBelowAllBetween) {
  const std::vector<LayoutEdge> edges = {Edge(0, 1),       Edge(1, 2),       Edge(2, 3),
                                         Edge(1, 1, true), Edge(2, 1, true), Edge(3, 0, true)};
  ExpectSound(Boxes(4), edges);
  const GraphLayout layout = LayOut(Boxes(4), edges);
  const auto lowest = [&](size_t edge) {
    double y = 0;
    for (const LayoutPoint& point : layout.routes[edge].points) y = std::max(y, point.y);
    return y;
  };
  EXPECT_FALSE(layout.routes[0].around);
  EXPECT_GT(lowest(3), layout.boxes[1].y + layout.boxes[1].height);
  EXPECT_GT(lowest(4), lowest(3)) << "a loop is inside";
  EXPECT_GT(lowest(5), lowest(4)) << "the longer way is outside";
}

TEST(GraphLayout, ACycleThatIsNotDeclaredEnds) {
  const std::vector<LayoutEdge> edges = {Edge(0, 1), Edge(1, 2), Edge(2, 0), Edge(3, 3)};
  ExpectSound(Boxes(4), edges);
  const GraphLayout layout = LayOut(Boxes(4), edges);
  EXPECT_EQ(std::count_if(layout.routes.begin(), layout.routes.end(), [](const EdgeRoute& r) { return r.around; }), 2);
}

TEST(GraphLayout, LabelsOfABoxHaveRoomForEachOther) {
  std::vector<LayoutEdge> edges;
  for (size_t to = 1; to < 7; ++to) edges.push_back(Edge(0, to));
  ExpectSound(Boxes(7), edges);
  const GraphLayout layout = LayOut(Boxes(7), edges);
  std::vector<double> starts;
  for (const EdgeRoute& route : layout.routes) starts.push_back(route.points.front().y);
  std::sort(starts.begin(), starts.end());
  for (size_t i = 1; i < starts.size(); ++i) EXPECT_GE(starts[i] - starts[i - 1], 16 + 18);
}

TEST(GraphLayout, AnyGraphIsSound) {
  std::mt19937 chance(7);
  for (int round = 0; round < 40; ++round) {
    const size_t count = 1 + chance() % 24;
    std::vector<LayoutBox> boxes;
    for (size_t i = 0; i < count; ++i)
      boxes.push_back({100.0 + static_cast<double>(chance() % 100), 40.0 + static_cast<double>(chance() % 80)});
    std::vector<LayoutEdge> edges;
    for (size_t i = chance() % (2 * count); i > 0; --i)
      edges.push_back(Edge(chance() % count, chance() % count, chance() % 4 == 0));
    ExpectSound(boxes, edges);
  }
}

TEST(GraphLayout, TwoHundredBoxesAreNoTrouble) {
  std::mt19937 chance(11);
  std::vector<LayoutEdge> edges;
  for (size_t i = 0; i + 1 < 200; ++i) edges.push_back(Edge(i, i + 1));
  for (size_t i = 0; i < 200; ++i) {
    edges.push_back(Edge(i, i + chance() % (200 - i)));
    edges.push_back(Edge(i, chance() % (i + 1), true));
  }
  ExpectSound(Boxes(200), edges);
}

}  // namespace
}  // namespace retort
