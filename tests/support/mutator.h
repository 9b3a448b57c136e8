// Damages the bytes of a file in ways that tests of readers want, the same for the same variant.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/random.h"

namespace retort::testing {

class Mutator {
 public:
  explicit Mutator(uint64_t variant) { key_.record = variant; }

  uint64_t Below(uint64_t n) {
    ++key_.position;
    return RandomBits(key_) % n;
  }

  void Mutate(std::string& bytes) {
    for (uint64_t i = 0, count = 1 + Below(4); i < count && !bytes.empty(); ++i) {
      // The head of the file, where counts and lengths are, is hit as often as all the rest.
      const size_t at = Below(Below(2) == 0 ? std::min<size_t>(bytes.size(), 400) : bytes.size());
      switch (Below(6)) {
        case 0: bytes[at] = static_cast<char>(Below(256)); break;
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8))); break;
        case 2: bytes.resize(at); break;
        case 3: bytes.insert(at, bytes, Below(bytes.size()), Below(64)); break;
        case 4: bytes.erase(at, Below(32)); break;
        default: Wild(bytes, at);
      }
    }
  }

 private:
  void Wild(std::string& bytes, size_t at) {
    constexpr uint64_t kWild[] = {
        0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, uint64_t{1} << 48, uint64_t{1} << 63, UINT64_MAX};
    const uint64_t value = kWild[Below(std::size(kWild))] + Below(3) - 1;
    if (at + sizeof value <= bytes.size()) std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  RandomKey key_{20240917, 0, 0, 0, 0};
};

}  // namespace retort::testing
