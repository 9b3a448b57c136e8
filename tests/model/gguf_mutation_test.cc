// Thousands of damaged files, the same on every run: none may crash the reader or give a tensor outside the file.
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/random.h"
#include "core/model/gguf.h"
#include "core/model/inspect.h"
#include "tests/support/gguf_builder.h"

namespace retort {
namespace {

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

TEST(GgufMutation, DamagedFilesAreReadSafelyOrRefused) {
  testing::TinyModel tiny;
  tiny.layers = 1;
  tiny.hidden = tiny.ffn = 32;
  const std::string whole = testing::MakeTinyModel(tiny).Build();
  int refused = 0, accepted = 0;
  for (uint64_t variant = 0; variant < 4000; ++variant) {
    std::string bytes = whole;
    Mutator(variant).Mutate(bytes);
    const testing::AlignedBytes aligned(bytes);
    const auto file = GgufFile::FromMemory({aligned.data(), aligned.size()}, "mutated");
    if (!file.ok()) {
      ++refused;
      EXPECT_FALSE(file.status().message().empty());
      continue;
    }
    ++accepted;
    uint64_t sum = 0;
    for (const GgufTensor& tensor : (*file)->tensors()) {
      ASSERT_GE(tensor.data, aligned.data());
      ASSERT_LE(tensor.data + tensor.bytes, aligned.data() + aligned.size());
      for (size_t i = 0; i < tensor.bytes; i += 509) sum += static_cast<uint8_t>(tensor.data[i]);
    }
    EXPECT_GT(sum + 1, 0u);
    EXPECT_FALSE(InspectionText(InspectModel(**file)).empty());
  }
  // Both happen often, so that the loop tests what it says.
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace retort
