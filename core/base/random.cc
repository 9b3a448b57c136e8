#include "core/base/random.h"

namespace retort {
namespace {

uint64_t Mix(uint64_t x) {  // splitmix64 finaliser
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

uint64_t RandomBits(const RandomKey& key) {
  const uint64_t k = Mix(key.seed + 0x9E3779B97F4A7C15ULL) ^ Mix(key.record) ^ Mix(key.stream + 0xD1B54A32D192ED03ULL);
  const auto block = Philox4x32({static_cast<uint32_t>(key.position), static_cast<uint32_t>(key.position >> 32),
                                 key.draw, static_cast<uint32_t>(key.record)},
                                {static_cast<uint32_t>(k), static_cast<uint32_t>(k >> 32)});
  return (uint64_t{block[0]} << 32) | block[1];
}

double RandomUniform(const RandomKey& key) { return static_cast<double>(RandomBits(key) >> 11) * 0x1.0p-53; }

uint64_t HashName(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (const char ch : name) {
    h ^= static_cast<unsigned char>(ch);
    h *= 0x100000001b3ULL;
  }
  return Mix(h);
}

}  // namespace retort
