#include <algorithm>
#include <cmath>

#include "core/graph/drawing/layered_graph.h"

namespace retort {
namespace {

constexpr double kMargin = 16;
constexpr double kCurve = 56;      // least width of the zone where edges change their height,
constexpr double kMaxCurve = 160;  // and the greatest
constexpr double kSlope = 0.35;    // of that width to the change
constexpr double kLane = 12;       // between parallel edges that run around
constexpr double kBesideBox = 16;  // from a box to the first of them
constexpr double kBelowBoxes = 18;

/// What stands to the right of a column: labels, edges going down to run around, curves, edges coming up from there.
struct Column {
  double x = 0, width = 0;
  double labels = 0;
  double curve = kCurve;
  size_t going_down = 0, coming_up = 0;  // the latter enter this column, to its left
  size_t down_routed = 0, up_routed = 0;
  double bottom = 0;   // of its boxes and of what runs below them
  bool lanes = false;  // something runs below them
};

class Router {
 public:
  Router(const LayeredGraph& graph, const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges,
         const EdgeEnds& ends)
      : graph_(graph), boxes_(boxes), edges_(edges), ends_(ends), columns_(graph.layers.size()) {}

  GraphLayout Route() {
    Measure();
    PlaceColumns();
    PlaceBoxes();
    layout_.routes.resize(edges_.size());
    for (size_t i = 0; i < edges_.size(); ++i) {
      if (!graph_.chains[i].empty()) RouteWithFlow(i);
    }
    for (const size_t edge : around_) RouteAround(edge);
    for (const Column& column : columns_) layout_.height = std::max(layout_.height, column.bottom + kMargin);
    return std::move(layout_);
  }

 private:
  void Measure() {
    for (size_t i = 0; i < boxes_.size(); ++i)
      columns_[LayerOf(i)].width = std::max(columns_[LayerOf(i)].width, boxes_[i].width);
    for (size_t i = 0; i < edges_.size(); ++i) {
      Column& column = columns_[LayerOf(edges_[i].from)];
      column.labels = std::max(column.labels, edges_[i].label_width);
      if (!graph_.chains[i].empty()) continue;
      around_.push_back(i);
      ++column.going_down;
      ++columns_[LayerOf(edges_[i].to)].coming_up;
    }
    for (const LayerLink& link : graph_.links) {
      const LayerNode &from = graph_.nodes[link.from], &to = graph_.nodes[link.to];
      const double change = std::abs(from.middle + link.from_offset - to.middle - link.to_offset);
      Column& column = columns_[from.layer];
      column.curve = std::clamp(change * kSlope, column.curve, kMaxCurve);
    }
    // Short ways inside, long ones outside: then they do not cross.
    const auto span = [&](size_t e) {
      const size_t from = LayerOf(edges_[e].from), to = LayerOf(edges_[e].to);
      return std::max(from, to) - std::min(from, to);
    };
    std::stable_sort(around_.begin(), around_.end(), [&](size_t a, size_t b) {
      if (span(a) != span(b)) return span(a) < span(b);
      return Leave(a) > Leave(b);
    });
  }

  void PlaceColumns() {
    double x = kMargin;
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& column = columns_[i];
      if (column.coming_up > 0) x += kBesideBox + kLane * static_cast<double>(column.coming_up - 1);
      column.x = x;
      x += column.width + column.labels;
      if (column.going_down > 0) x += kLane * static_cast<double>(column.going_down);
      layout_.width = x + kMargin;
      if (i + 1 < columns_.size()) x += column.curve;
    }
  }

  void PlaceBoxes() {
    double top = 0;
    for (const LayerNode& node : graph_.nodes) top = std::min(top, node.middle - node.height / 2);
    down_ = kMargin - top;
    for (const LayerNode& node : graph_.nodes) {
      Column& column = columns_[node.layer];
      const double y = node.middle - node.height / 2 + down_;
      column.bottom = std::max(column.bottom, y + node.height);
      if (node.box != LayerNode::kVirtual)
        layout_.boxes.push_back({column.x, y, column.width, node.height, node.layer});
    }
  }

  void RouteWithFlow(size_t edge) {
    std::vector<LayoutPoint>& points = layout_.routes[edge].points;
    for (const size_t index : graph_.chains[edge]) {
      const LayerLink& link = graph_.links[index];
      const LayerNode &from = graph_.nodes[link.from], &to = graph_.nodes[link.to];
      const Column& column = columns_[from.layer];
      const double y = from.middle + link.from_offset + down_;
      if (points.empty()) points.push_back({column.x + column.width, y});
      points.push_back({column.x + column.width + column.labels, y});
      points.push_back({columns_[to.layer].x, to.middle + link.to_offset + down_});
    }
  }

  /// Right, down past its label, left below everything, up, and right into the box.
  void RouteAround(size_t edge) {
    const size_t first = std::min(LayerOf(edges_[edge].from), LayerOf(edges_[edge].to));
    const size_t last = std::max(LayerOf(edges_[edge].from), LayerOf(edges_[edge].to));
    Column &from = columns_[LayerOf(edges_[edge].from)], &to = columns_[LayerOf(edges_[edge].to)];
    const double below = edges_[edge].from == edges_[edge].to ? BelowBox(edges_[edge].from) : BelowColumns(first, last);
    const double right = from.x + from.width + from.labels + kLane * static_cast<double>(++from.down_routed);
    const double left = to.x - kBesideBox - kLane * static_cast<double>(to.up_routed++);
    const double leave = Leave(edge), enter = graph_.nodes[edges_[edge].to].middle + ends_.enter[edge] + down_;
    layout_.routes[edge] = {
        {{from.x + from.width, leave}, {right, leave}, {right, below}, {left, below}, {left, enter}, {to.x, enter}},
        true};
  }

  /// The height of the next lane under these columns.
  double BelowColumns(size_t first, size_t last) {
    double below = 0;
    for (size_t i = first; i <= last; ++i) below = std::max(below, columns_[i].bottom);
    below += columns_[first].lanes || columns_[last].lanes ? kLane : kBelowBoxes;
    for (size_t i = first; i <= last; ++i) {
      columns_[i].bottom = below;
      columns_[i].lanes = true;
    }
    return below;
  }

  /// A loop stays between its box and the next.
  double BelowBox(size_t box) {
    const PlacedBox& placed = layout_.boxes[box];
    const double below = placed.y + placed.height + kLane;
    columns_[placed.column].bottom = std::max(columns_[placed.column].bottom, below);
    return below;
  }

  size_t LayerOf(size_t box) const { return graph_.nodes[box].layer; }
  double Leave(size_t edge) const { return graph_.nodes[edges_[edge].from].middle + ends_.leave[edge] + down_; }

  const LayeredGraph& graph_;
  const std::vector<LayoutBox>& boxes_;
  const std::vector<LayoutEdge>& edges_;
  const EdgeEnds& ends_;
  std::vector<Column> columns_;
  std::vector<size_t> around_;  // edges that run around, inner ones first
  double down_ = 0;             // from the nodes' y to the picture's
  GraphLayout layout_;
};

}  // namespace

GraphLayout RouteEdges(const LayeredGraph& graph, const std::vector<LayoutBox>& boxes,
                       const std::vector<LayoutEdge>& edges, const EdgeEnds& ends) {
  return Router(graph, boxes, edges, ends).Route();
}

}  // namespace retort
