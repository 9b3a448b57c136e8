#include "core/decode/probability_row.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/model/logit_row.h"

namespace retort {
namespace {

std::vector<size_t> MostLikelyFirst(std::span<const float> row) {
  std::vector<size_t> order(row.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return row[a] > row[b]; });
  return order;
}

}  // namespace

bool SubtractRow(double scale, double weight, std::span<const float> q, InjectedFault fault, std::vector<float>* p) {
  std::vector<float> rest(p->size());
  const auto left = [&](size_t of_p, size_t of_q) {
    return static_cast<float>(
        std::max(0.0, scale * static_cast<double>((*p)[of_p]) - weight * static_cast<double>(q[of_q])));
  };
  if (fault == InjectedFault::kResidualByPosition) {
    const std::vector<size_t> by_p = MostLikelyFirst(*p), by_q = MostLikelyFirst(q);
    for (size_t i = 0; i < rest.size(); ++i) rest[by_p[i]] = left(by_p[i], by_q[i]);
  } else {
    for (size_t i = 0; i < rest.size(); ++i) rest[i] = left(i, i);
  }
  const double total = SumWeights(rest);
  if (!(total > 0)) return false;
  for (float& value : rest) value = static_cast<float>(static_cast<double>(value) / total);
  p->swap(rest);
  return true;
}

double ExcessMass(double scale, std::span<const float> p, std::span<const float> q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    sum += std::max(0.0, scale * static_cast<double>(p[i]) - static_cast<double>(q[i]));
  }
  return sum;
}

int32_t DrawFromRow(std::span<const float> p, double u) {
  double rest = u;
  int32_t last = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] <= 0) continue;
    last = static_cast<int32_t>(i);
    rest -= static_cast<double>(p[i]);
    if (rest < 0) break;
  }
  return last;
}

double Entropy(std::span<const float> p) {
  double sum = 0;
  for (const float value : p) {
    if (value > 0) sum -= static_cast<double>(value) * std::log(static_cast<double>(value));
  }
  return sum;
}

}  // namespace retort
