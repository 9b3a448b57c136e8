// Thousands of damaged files, the same on every run: none may crash the reader or give a tensor outside the file.
#include <gtest/gtest.h>

#include "core/model/gguf.h"
#include "core/model/inspect.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/mutator.h"

namespace retort {
namespace {

TEST(GgufMutation, DamagedFilesAreReadSafelyOrRefused) {
  testing::TinyModel tiny;
  tiny.layers = 1;
  tiny.hidden = tiny.ffn = 32;
  const std::string whole = testing::MakeTinyModel(tiny).Build();
  int refused = 0, accepted = 0;
  for (uint64_t variant = 0; variant < 4000; ++variant) {
    std::string bytes = whole;
    testing::Mutator(variant).Mutate(bytes);
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
