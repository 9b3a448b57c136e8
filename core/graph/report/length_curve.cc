#include "core/graph/report/length_curve.h"

namespace retort {

LengthCurve CurveByLength(const Speculation& figures) {
  LengthCurve curve;
  const double steps = figures.all.steps;
  if (figures.trees) curve.unknown = "drafts were trees, whose steps are not told by length";
  if (steps == 0 || !(figures.times.loop > 0) || figures.sequences == 0) curve.unknown = "no decoding step was timed";
  if (!curve.unknown.empty()) return curve;
  double offered = 0, verified = 0;
  for (const PlaceCounts& place : figures.all.places) {
    offered += place.offered / steps;
    verified += place.verified / steps;
  }
  curve.attained = {verified, figures.decoded_tokens / figures.times.loop};
  const double drafting = figures.times.draft / figures.step_times.steps();  // a step
  double tokens = 1, rows = 1;
  for (size_t length = 0; length <= figures.all.places.size(); ++length) {
    if (length > 0) {
      const PlaceCounts& place = figures.all.places[length - 1];
      if (place.verified == 0) break;
      rows += place.offered / steps;
      tokens += place.offered / steps * place.rate();
    }
    const std::optional<double> seconds = figures.step_times.Seconds(figures.sequences * rows);
    if (!seconds) continue;
    const double drafted = offered > 0 ? drafting * (rows - 1) / offered : 0;
    curve.points.push_back({static_cast<double>(length), figures.sequences * tokens / (*seconds + drafted)});
  }
  if (curve.points.empty()) curve.unknown = "no step of so few rows was timed";
  return curve;
}

}  // namespace retort
