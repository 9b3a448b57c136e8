#include "core/model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gguf_builder.h"
#include "tests/support/mutator.h"
#include "tests/support/safetensors_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::AlignedBytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SafetensorsBytes;
using testing::SafetensorsEntryText;
using testing::SmallSafetensors;

Status Read(const std::string& bytes) {
  const AlignedBytes aligned(bytes);
  return SafetensorsFile::FromMemory({aligned.data(), aligned.size()}, "x.safetensors").status();
}

void ExpectRefused(const std::string& header, const std::string& part, const std::string& data = std::string(48, 'x'),
                   StatusCode code = StatusCode::kDataLoss) {
  const Status status = Read(SafetensorsBytes(header, data));
  EXPECT_EQ(status.code(), code) << header << ": " << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(part)) << header;
  EXPECT_THAT(status.message(), HasSubstr("x.safetensors"));
}

TEST(Safetensors, ReadsNamesTypesShapesAndData) {
  const AlignedBytes bytes(SmallSafetensors());
  const auto file = SafetensorsFile::FromMemory({bytes.data(), bytes.size()}, "x");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  ASSERT_EQ((*file)->tensors().size(), 3u);
  const ModelTensor* const a = (*file)->Find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->type, DType::kF32);
  EXPECT_EQ(a->type_name, "F32");
  EXPECT_THAT(a->shape, ElementsAre(3, 2));  // innermost first
  EXPECT_EQ(a->bytes, 24u);
  EXPECT_EQ(static_cast<int>(a->data[5]), 5);
  EXPECT_EQ((*file)->Find("b")->type, DType::kBF16);
  EXPECT_EQ(static_cast<int>((*file)->Find("b")->data[0]), 32);
  EXPECT_THAT((*file)->Find("c")->shape, ElementsAre(2, 2, 1));
  EXPECT_EQ((*file)->tensors()[1].name, "c");  // by place
  EXPECT_EQ((*file)->Find("d"), nullptr);
  EXPECT_EQ((*file)->metadata().at("format"), "pt");
}

TEST(Safetensors, KnowsTypesThatModelsCannotUse) {
  const AlignedBytes bytes(SafetensorsBytes(
      "{" + SafetensorsEntryText("a", "I64", "[]", 0, 8) + "," + SafetensorsEntryText("e", "BOOL", "[0]", 8, 8) + "}",
      std::string(8, '\0')));
  const auto file = SafetensorsFile::FromMemory({bytes.data(), bytes.size()}, "x");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_FALSE((*file)->Find("a")->supported);
  EXPECT_EQ((*file)->Find("a")->elements(), 1);
  EXPECT_EQ((*file)->Find("e")->elements(), 0);
}

TEST(Safetensors, RefusesHeadersThatDoNotFitTheFile) {
  const auto one = [](const char* dtype, const char* shape, size_t begin, size_t end) {
    return "{" + SafetensorsEntryText("a", dtype, shape, begin, end) + "}";
  };
  ExpectRefused(one("F32", "[12]", 0, 48), "ends at data offset 48, but the file has 47", std::string(47, 'x'));
  ExpectRefused(one("F32", "[12]", 0, 48), "the tensors end at data offset 48, but the file has 49",
                std::string(49, 'x'));
  ExpectRefused(one("F32", "[12]", 0, 44), "expected 48 bytes for its shape and type");
  ExpectRefused(one("F32", "[12]", 48, 0), "expected 48 bytes");
  ExpectRefused(one("F32", "[10]", 8, 48), "begins at data offset 8, expected 0");
  ExpectRefused(one("F16", "[4294967296,4294967296]", 0, 48), "impossible size");
  ExpectRefused(one("F16", "[18446744073709551615]", 0, 48), "impossible size");
  ExpectRefused(one("F16", "[-24]", 0, 48), "impossible size");
  ExpectRefused(one("F16", "[2.5]", 0, 48), "impossible size");
  ExpectRefused(one("F16", "24", 0, 48), "shape: expected a list");
  ExpectRefused(one("F16", "[1,1,1,1,1,1,1,1,24]", 0, 48), "at most 8 sizes");
  ExpectRefused(one("F99", "[24]", 0, 48), "dtype 'F99' is not known", std::string(48, 'x'), StatusCode::kUnsupported);
  const auto two = [](size_t begin, size_t end) {
    return "{" + SafetensorsEntryText("a", "F32", "[6]", 0, 24) + "," +
           SafetensorsEntryText("b", "F32", "[6]", begin, end) + "}";
  };
  EXPECT_TRUE(Read(SafetensorsBytes(two(24, 48), std::string(48, 'x'))).ok());
  ExpectRefused(two(20, 44), "tensor 'b' begins at data offset 20, expected 24", std::string(44, 'x'));
  ExpectRefused(two(0, 24), "expected 24");
  ExpectRefused(two(28, 52), "expected 24", std::string(52, 'x'));
}

TEST(Safetensors, RefusesWhatIsNoHeader) {
  ExpectRefused("[]", "expected a JSON object");
  ExpectRefused("{", "no JSON");
  ExpectRefused("{\"a\":3}", "tensor 'a': expected an object");
  ExpectRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[12]}}", "data_offsets is missing");
  ExpectRefused("{\"a\":{\"dtype\":1,\"shape\":[12],\"data_offsets\":[0,48]}}", "dtype: expected a string");
  ExpectRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[12],\"data_offsets\":[0]}}", "expected two offsets");
  ExpectRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[12],\"data_offsets\":[0,-48]}}", "expected two offsets");
  ExpectRefused("{\"__metadata__\":{\"x\":1}}", "__metadata__: 'x'");
  const std::string entry = SafetensorsEntryText("a", "F32", "[12]", 0, 48);
  ExpectRefused("{" + entry + "," + entry + "}", "'a' stands twice");
  ExpectRefused("{\"a\":" + std::string(100000, '['), "nests deeper");
  EXPECT_THAT(Read(std::string("GGUF\3\0\0\0 and so on", 18)).message(), HasSubstr("is it a safetensors file?"));
  EXPECT_THAT(Read(std::string("\xff\xff\xff\0\0\0\0\0{}", 10)).message(), HasSubstr("only 2 bytes follow"));
  EXPECT_THAT(Read(std::string(8, '\xff')).message(), HasSubstr("header of 18446744073709551615 bytes"));
}

TEST(Safetensors, RefusesTensorsAtOddAddresses) {
  std::string bytes = SafetensorsBytes("{" + SafetensorsEntryText("a", "F32", "[2]", 0, 8) + "}", "12345678");
  bytes.insert(8, " ");
  bytes[0] = static_cast<char>(bytes[0] + 1);
  const Status status = Read(bytes);
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);  // the header begins with a space
  bytes.erase(8, 1);
  bytes.insert(bytes.size() - 8, " ");
  EXPECT_EQ(Read(bytes).code(), StatusCode::kUnsupported);
  EXPECT_THAT(Read(bytes).message(), HasSubstr("odd address"));
}

TEST(Safetensors, TruncatedFilesAreRefusedAtEveryByte) {
  const std::string whole = SmallSafetensors();
  ASSERT_TRUE(Read(whole).ok()) << Read(whole).ToString();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Read(whole.substr(0, size)).code(), StatusCode::kDataLoss) << size;
  }
}

TEST(Safetensors, OpensFiles) {
  const testing::TemporaryFolder folder;
  const auto file = SafetensorsFile::Open(folder.Write("m.safetensors", SmallSafetensors()));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->size(), SmallSafetensors().size());
  const ModelTensor* const b = (*file)->Find("b");
  (*file)->Forget(b->data, b->bytes);
  EXPECT_EQ(static_cast<int>(b->data[0]), 32);  // comes from the file again
  EXPECT_EQ(SafetensorsFile::Open(folder.path() + "/none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(SafetensorsFile::Open(folder.Write("empty", "")).status().code(), StatusCode::kInvalidArgument);
}

TEST(SafetensorsMutation, DamagedFilesAreReadSafelyOrRefused) {
  const std::string whole = SmallSafetensors();
  int refused = 0, accepted = 0;
  for (uint64_t variant = 0; variant < 4000; ++variant) {
    std::string bytes = whole;
    testing::Mutator(variant).Mutate(bytes);
    const AlignedBytes aligned(bytes);
    const auto file = SafetensorsFile::FromMemory({aligned.data(), aligned.size()}, "mutated");
    if (!file.ok()) {
      ++refused;
      EXPECT_FALSE(file.status().message().empty());
      continue;
    }
    ++accepted;
    for (const ModelTensor& tensor : (*file)->tensors()) {
      ASSERT_GE(tensor.data, aligned.data());
      ASSERT_LE(tensor.data + tensor.bytes, aligned.data() + aligned.size());
    }
  }
  // Both happen often, so that the loop tests what it says.
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace retort
