// What each fixed length of drafts would have given, by a run's own acceptance and times.
#pragma once

#include <string>
#include <vector>

#include "core/graph/report/speculation.h"

namespace retort {

struct LengthCurve {
  struct Point {
    double length = 0;  // drafted tokens verified at most
    double tokens_per_second = 0;
  };
  std::vector<Point> points;  // lengths from 0, as far as step times and drafts are known
  Point attained;             // mean length that was verified a step of a sequence, and the loop's speed
  std::string unknown;        // why there are no points
};

/// With S sequences a step, the share d_i of a sequence's steps that were offered a draft with place i, and the rate
/// a_i at which place i was accepted: length L gives S (1 + sum of d_i a_i over i < L) tokens in the time of
/// S (1 + sum of d_i) rows and of drafting in proportion. Under `length: auto` a_i is that of the drafts that were
/// thought to pay, so long lengths look better than they are.
LengthCurve CurveByLength(const Speculation& figures);

}  // namespace retort
