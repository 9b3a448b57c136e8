// What the micro-benchmarks compute with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace retort {

/// The same numbers on every run, evenly spread over [-1, 1).
inline std::vector<float> Floats(int64_t count) {
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = uniform(engine);
  return values;
}

}  // namespace retort
