#include "core/model/gate_magnitudes.h"

#include <bit>
#include <cmath>

namespace retort {
namespace {

// Of a float without its sign: 8 bits of exponent and 7 of the mantissa.
constexpr int kShift = 16;
constexpr size_t kCells = size_t{1} << (31 - kShift);

float LowerEnd(size_t cell) { return std::bit_cast<float>(static_cast<uint32_t>(cell << kShift)); }

}  // namespace

GateMagnitudes::GateMagnitudes(int32_t layers) : layers_(static_cast<size_t>(layers)) {
  for (Layer& layer : layers_) layer.cells.assign(kCells, 0);
}

void GateMagnitudes::Add(int32_t layer, const float* gate, int64_t rows, int64_t neurons, int64_t stride) {
  Layer& into = layers_[static_cast<size_t>(layer)];
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t neuron = 0; neuron < neurons; ++neuron) {
      const float value = gate[row * stride + neuron];
      const float magnitude = std::abs(value / (1 + std::exp(-value)));
      if (!std::isfinite(magnitude)) continue;
      ++into.cells[std::bit_cast<uint32_t>(magnitude) >> kShift];
      ++into.total;
    }
  }
}

float GateMagnitudes::Threshold(int32_t layer, double density) const {
  const Layer& of = layers_[static_cast<size_t>(layer)];
  if (density >= 1 || of.total == 0) return 0;
  double wanted = density * static_cast<double>(of.total);  // from the largest down
  for (size_t cell = kCells; cell-- > 0;) {
    const auto held = static_cast<double>(of.cells[cell]);
    if (held == 0 || held < wanted) {
      wanted -= held;
      continue;
    }
    const double low = static_cast<double>(LowerEnd(cell)), high = static_cast<double>(LowerEnd(cell + 1));
    return static_cast<float>(high - (high - low) * wanted / held);
  }
  return 0;
}

}  // namespace retort
