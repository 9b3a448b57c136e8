// How large |silu(gate)| is in each layer over many tokens, and the threshold that leaves a share of the neurons.
// Source: Lee et al., CATS, arXiv 2404.08763, section 3, which takes quantiles over a sample of texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace retort {

/// Counts by layer, in cells of a 128th of the magnitude: the memory does not grow with the tokens. For one thread.
class GateMagnitudes {
 public:
  explicit GateMagnitudes(int32_t layers);

  /// Count the products of a layer's gate with `rows` tokens: `neurons` of each, rows `stride` floats apart. Values
  /// that are not finite are not counted.
  void Add(int32_t layer, const float* gate, int64_t rows, int64_t neurons, int64_t stride);

  int32_t layers() const { return static_cast<int32_t>(layers_.size()); }
  /// Magnitudes counted in a layer: tokens times neurons.
  uint64_t count(int32_t layer) const { return layers_[static_cast<size_t>(layer)].total; }
  /// The magnitude that a share `density`, above 0, of the layer's reaches, within its cell as if they lay evenly
  /// there. 0 for a density of 1 or more, or where nothing was counted.
  float Threshold(int32_t layer, double density) const;

 private:
  struct Layer {
    std::vector<uint64_t> cells;  // by the upper bits of the magnitude
    uint64_t total = 0;
  };
  std::vector<Layer> layers_;
};

}  // namespace retort
