#include "core/decode/chance.h"

#include "core/base/random.h"

namespace retort {

double BlockChance::Uniform(uint64_t stream, size_t index) const {
  return RandomUniform({seed, record, stream, begin, static_cast<uint32_t>(index)});
}

double BlockChance::Token(size_t position) const {
  static const uint64_t stream = HashName("sample");
  return RandomUniform({seed, record, stream, position, 0});
}

double BlockChance::Draft(size_t index) const {
  static const uint64_t stream = HashName("draft");
  return Uniform(stream, index);
}

double BlockChance::Accept(size_t index) const {
  static const uint64_t stream = HashName("accept");
  return Uniform(stream, index);
}

double BlockChance::Residual() const {
  static const uint64_t stream = HashName("residual");
  return Uniform(stream, 0);
}

}  // namespace retort
