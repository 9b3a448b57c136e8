#include "core/model/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gguf_builder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(InspectModel, ListsMetadataTypesAndTensors) {
  testing::GgufBuilder b = testing::MakeTinyModel();
  b.RawTensor("odd", 10, {256}, std::string(84, '\0'));
  const testing::AlignedBytes bytes(b.Build());
  const auto file = GgufFile::FromMemory({bytes.data(), bytes.size()}, "tiny.gguf");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const ModelInspection inspection = InspectModel(**file);
  EXPECT_EQ(inspection.tensors.size(), (*file)->tensors().size());
  int64_t elements = 0;
  size_t tensors = 0;
  for (const auto& total : inspection.types) {
    elements += total.elements;
    tensors += total.tensors;
  }
  EXPECT_EQ(elements, inspection.parameters);
  EXPECT_EQ(tensors, inspection.tensors.size());
  const std::string text = InspectionText(inspection);
  EXPECT_THAT(text, HasSubstr("tiny.gguf: GGUF version 3"));
  EXPECT_THAT(text, HasSubstr("general.architecture"));
  EXPECT_THAT(text, HasSubstr("\"llama\""));
  EXPECT_THAT(text, HasSubstr("276 items: [\"<|endoftext|>\""));
  EXPECT_THAT(text, HasSubstr("[96, 64]"));  // ffn_gate: rows by columns
  EXPECT_THAT(text, HasSubstr("q2_k    1 tensors, 256 elements; this build cannot use the type"));
}

TEST(InspectModel, NothingOfTheFileReachesTheTerminalRaw) {
  testing::GgufBuilder b;
  b.Set("evil", std::string("\x1b]0;title\x07 \xc2\x9b caf\xc3\xa9 \xff"));
  b.Set("bad\x1bkey", uint32_t{1});
  std::string longer(71, 'x');
  longer += "\xc3\xa9 and more";
  b.Set("long", longer);
  b.Tensor("name\n\x7f", DType::kF32, {1}, {1});
  const testing::AlignedBytes bytes(b.Build());
  const auto file = GgufFile::FromMemory({bytes.data(), bytes.size()}, "evil.gguf");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const std::string text = InspectionText(InspectModel(**file));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x7f")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
  EXPECT_THAT(text, HasSubstr("\\x1b]0;title\\x07 \\xc2\\x9b caf\xc3\xa9 \\xff"));
  EXPECT_THAT(text, HasSubstr("name\\n\\x7f"));
  EXPECT_THAT(text, HasSubstr(std::string(71, 'x') + "\"... (82 bytes)"));  // the cut falls before the character
}

}  // namespace
}  // namespace retort
