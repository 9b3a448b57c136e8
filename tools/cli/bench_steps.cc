#include "tools/cli/bench_steps.h"

#include <algorithm>

#include "core/base/random.h"

namespace retort::cli {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<int32_t> SomeTokens(int count, int32_t vocab, uint64_t position) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<int32_t>(RandomBits({0, 0, HashName("bench decode"), position + i, 0}) %
                                     static_cast<uint64_t>(vocab));
  }
  return tokens;
}

}  // namespace retort::cli
