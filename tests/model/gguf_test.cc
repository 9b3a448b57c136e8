#include "core/model/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::AlignedBytes;
using ::testing::ElementsAre;
using testing::GgufBuilder;
using ::testing::HasSubstr;
using testing::TempPath;

/// A file with every kind of value and a few tensors.
GgufBuilder Everything() {
  GgufBuilder b;
  b.Set("a.u32", uint32_t{7}).Set("a.i64", int64_t{-5}).Set("a.u64", uint64_t{9}).Set("a.f32", 0.5f).Set("a.f64", 2.25);
  b.Set("a.bool", true).Set("a.string", std::string("some text"));
  b.Set("b.strings", std::vector<std::string>{"one", "", "three"}).Set("b.ints", std::vector<int32_t>{1, -2, 3});
  b.Set("b.floats", std::vector<float>{0.25f, -1});
  b.Tensor("norm", DType::kF32, {3}, {1, 2, 3});
  b.Tensor("matrix", DType::kQ4_1, {32, 2}, std::vector<float>(64, 0.5f));
  b.Tensor("half", DType::kF16, {4, 1}, {1, 0, -1, 2});
  b.RawTensor("later", 10, {256, 1}, std::string(84, '\1'));
  return b;
}

Result<std::unique_ptr<GgufFile>> Parse(const AlignedBytes& bytes) {
  return GgufFile::FromMemory({bytes.data(), bytes.size()}, "made.gguf");
}

/// The message for a file that must be refused with `code`.
std::string Refusal(const std::string& bytes, StatusCode code) {
  const AlignedBytes aligned(bytes);
  const auto file = Parse(aligned);
  if (file.ok()) return "the file was accepted";
  EXPECT_EQ(file.status().code(), code) << file.status().ToString();
  return file.status().message();
}

template <typename T>
std::string Raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string RawString(const std::string& text) { return Raw<uint64_t>(text.size()) + text; }
std::string Header(uint64_t tensors, uint64_t metadata) {
  return "GGUF" + Raw<uint32_t>(3) + Raw(tensors) + Raw(metadata);
}
/// A file with one tensor, whose description is given as bytes, and `data` bytes of data.
std::string OneTensor(const std::string& description, size_t data) {
  std::string out = Header(1, 0) + description;
  out.resize((out.size() + 31) / 32 * 32 + data);
  return out;
}
std::string Describe(const std::string& name, const std::vector<uint64_t>& shape, uint32_t type, uint64_t offset) {
  std::string out = RawString(name) + Raw(static_cast<uint32_t>(shape.size()));
  for (const uint64_t size : shape) out += Raw(size);
  return out + Raw(type) + Raw(offset);
}

TEST(GgufFile, ReadsEveryKindOfValue) {
  const AlignedBytes bytes(Everything().Build());
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const GgufFile& file = **parsed;
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(*file.GetInt("a.u32"), 7);
  EXPECT_EQ(*file.GetInt("a.i64"), -5);
  EXPECT_EQ(*file.GetInt("a.u64"), 9);
  EXPECT_EQ(*file.GetFloat("a.f32"), 0.5);
  EXPECT_EQ(*file.GetFloat("a.f64"), 2.25);
  EXPECT_EQ(*file.GetFloat("a.u32"), 7.0);
  EXPECT_TRUE(*file.GetBool("a.bool"));
  EXPECT_EQ(*file.GetString("a.string"), "some text");
  EXPECT_THAT(**file.GetStrings("b.strings"), ElementsAre("one", "", "three"));
  EXPECT_THAT(**file.GetInts("b.ints"), ElementsAre(1, -2, 3));
  EXPECT_THAT(**file.GetFloats("b.floats"), ElementsAre(0.25, -1.0));
  EXPECT_TRUE(file.Has("a.bool"));
  EXPECT_FALSE(file.Has("a.boo"));
}

TEST(GgufFile, ReadsTensorsInPlace) {
  const AlignedBytes bytes(Everything().Build());
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const GgufFile& file = **parsed;
  ASSERT_EQ(file.tensors().size(), 4u);
  const GgufTensor* const norm = file.FindTensor("norm");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(norm->bytes, 12u);
  EXPECT_EQ(reinterpret_cast<const float*>(norm->data)[2], 3.0f);
  const GgufTensor* const matrix = file.FindTensor("matrix");
  ASSERT_NE(matrix, nullptr);
  EXPECT_THAT(matrix->shape, ElementsAre(32, 2));
  EXPECT_EQ(matrix->bytes, 40u);
  EXPECT_EQ(matrix->elements(), 64);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(matrix->data) % 32, 0u);
  EXPECT_EQ(file.FindTensor("nothing"), nullptr);
}

TEST(GgufFile, ReadsVersionTwoAndOtherAlignments) {
  for (const uint32_t version : {2u, 3u}) {
    for (const uint32_t alignment : {8u, 16u, 64u, 4096u}) {
      const AlignedBytes bytes(Everything().version(version).Set("general.alignment", alignment).Build());
      const auto parsed = Parse(bytes);
      ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
      EXPECT_EQ((*parsed)->version(), version);
      EXPECT_EQ(reinterpret_cast<const float*>((*parsed)->FindTensor("norm")->data)[1], 2.0f);
    }
  }
}

TEST(GgufFile, TypedAccessNamesFileKeyAndTypes) {
  const AlignedBytes bytes(Everything().Build());
  const auto file = *Parse(bytes);
  EXPECT_EQ(file->GetInt("no.such").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(file->GetInt("no.such").status().message(), HasSubstr("made.gguf: metadata 'no.such' is missing"));
  EXPECT_THAT(file->GetInt("a.string").status().message(),
              HasSubstr("metadata 'a.string': expected an integer, got a string"));
  EXPECT_THAT(file->GetStrings("b.ints").status().message(),
              HasSubstr("expected a list of strings, got a list of integers"));
  EXPECT_EQ(file->GetString("a.bool").status().code(), StatusCode::kInvalidArgument);
}

TEST(GgufFile, TensorAccessChecksShapeAndType) {
  const AlignedBytes bytes(Everything().Build());
  const auto file = *Parse(bytes);
  const std::vector<int64_t> right = {32, 2}, wrong = {32, 3}, flat = {64}, later = {256, 1};
  EXPECT_TRUE(file->GetTensor("matrix", right).ok());
  EXPECT_THAT(file->GetTensor("matrix", wrong).status().message(),
              HasSubstr("tensor 'matrix': expected shape [32, 3] from the metadata, got [32, 2]"));
  EXPECT_FALSE(file->GetTensor("matrix", flat).ok());
  EXPECT_EQ(file->GetTensor("none", right).status().code(), StatusCode::kNotFound);
  const Status unsupported = file->GetTensor("later", later).status();
  EXPECT_EQ(unsupported.code(), StatusCode::kUnsupported);
  EXPECT_THAT(unsupported.message(), HasSubstr("tensor 'later' has type q2_k"));
  EXPECT_THAT(unsupported.message(), HasSubstr("convert"));
  EXPECT_EQ(GgmlTypeName(77), "type 77");
}

TEST(GgufFile, RefusesWhatIsNoGgufFile) {
  EXPECT_THAT(Refusal("", StatusCode::kDataLoss), HasSubstr("offset 0"));
  EXPECT_THAT(Refusal("PK\3\4 something else", StatusCode::kInvalidArgument), HasSubstr("not a GGUF file"));
  EXPECT_THAT(Refusal("GGUF" + Raw<uint32_t>(1) + Raw<uint64_t>(0) + Raw<uint64_t>(0), StatusCode::kUnsupported),
              HasSubstr("version 1; expected 2 or 3"));
  EXPECT_THAT(
      Refusal("GGUF" + Raw<uint32_t>(0x03000000) + Raw<uint64_t>(0) + Raw<uint64_t>(0), StatusCode::kUnsupported),
      HasSubstr("big-endian"));
}

TEST(GgufFile, RefusesTruncationAtEveryByte) {
  const std::string whole = Everything().Build();
  for (size_t size = 0; size < whole.size(); ++size) {
    const AlignedBytes bytes(whole.substr(0, size));
    const auto file = Parse(bytes);
    // The last tensor's type is not one whose size we know: cuts inside its data go unseen until someone uses it.
    if (size >= whole.size() - 210 && file.ok()) {
      EXPECT_EQ((*file)->FindTensor("later")->bytes, 0u);
      continue;
    }
    ASSERT_FALSE(file.ok()) << "cut to " << size << " of " << whole.size();
    EXPECT_EQ(file.status().code(), StatusCode::kDataLoss) << file.status().ToString();
    EXPECT_THAT(file.status().message(), HasSubstr("made.gguf"));
    EXPECT_THAT(file.status().message(), HasSubstr("offset"));
  }
}

TEST(GgufFile, RefusesWildCounts) {
  for (const uint64_t wild : {uint64_t{1} << 63, UINT64_MAX, uint64_t{1} << 32, uint64_t{1000}}) {
    EXPECT_THAT(Refusal(Header(0, wild), StatusCode::kDataLoss), HasSubstr(std::to_string(wild) + " items"));
    EXPECT_THAT(Refusal(Header(wild, 0), StatusCode::kDataLoss), HasSubstr(std::to_string(wild) + " items"));
    const std::string key = Header(0, 1) + Raw(wild);
    EXPECT_THAT(Refusal(key + std::string(40, 'x'), StatusCode::kDataLoss), HasSubstr(std::to_string(wild) + " bytes"));
    for (const uint32_t kind : {0u, 7u, 8u, 12u}) {
      const std::string list = Header(0, 1) + RawString("key") + Raw<uint32_t>(9) + Raw(kind) + Raw(wild);
      EXPECT_THAT(Refusal(list + std::string(40, '\0'), StatusCode::kDataLoss), HasSubstr("metadata 'key'"));
    }
  }
}

TEST(GgufFile, RefusesUnknownKinds) {
  const std::string entry = Header(0, 1) + RawString("key");
  EXPECT_THAT(Refusal(entry + Raw<uint32_t>(13) + std::string(16, '\0'), StatusCode::kDataLoss),
              HasSubstr("unknown kind 13"));
  EXPECT_THAT(Refusal(entry + Raw<uint32_t>(9) + Raw<uint32_t>(99) + Raw<uint64_t>(0), StatusCode::kDataLoss),
              HasSubstr("unknown kind 99"));
  EXPECT_THAT(Refusal(entry + Raw<uint32_t>(9) + Raw<uint32_t>(9) + Raw<uint64_t>(0), StatusCode::kUnsupported),
              HasSubstr("arrays of arrays"));
  EXPECT_THAT(Refusal(entry + Raw<uint32_t>(7) + Raw<uint8_t>(2), StatusCode::kDataLoss),
              HasSubstr("expected 0 or 1, got 2"));
  EXPECT_THAT(Refusal(entry + Raw<uint32_t>(10) + Raw<uint64_t>(UINT64_MAX), StatusCode::kDataLoss), HasSubstr("2^63"));
}

TEST(GgufFile, RefusesWildTensors) {
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {}, 0, 0), 64), StatusCode::kDataLoss),
              HasSubstr("expected 1 to 4 dimensions, got 0"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {1, 1, 1, 1, 1}, 0, 0), 64), StatusCode::kDataLoss), HasSubstr("got 5"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {0}, 0, 0), 64), StatusCode::kDataLoss), HasSubstr("impossible size 0"));
  const std::vector<std::vector<uint64_t>> huge = {
      {uint64_t{1} << 63}, {UINT64_MAX}, {uint64_t{1} << 32, uint64_t{1} << 32}, {1 << 16, 1 << 16, 1 << 16, 1 << 16}};
  for (const auto& shape : huge) {
    EXPECT_THAT(Refusal(OneTensor(Describe("t", shape, 0, 0), 64), StatusCode::kDataLoss),
                HasSubstr("impossible size"));
  }
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {uint64_t{1} << 47}, 0, 0), 64), StatusCode::kDataLoss),
              HasSubstr("outside the file"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {17}, 0, 0), 64), StatusCode::kDataLoss), HasSubstr("outside the file"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {16}, 0, 32), 64), StatusCode::kDataLoss), HasSubstr("outside the file"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {1}, 0, UINT64_MAX - 31), 64), StatusCode::kDataLoss),
              HasSubstr("outside the file"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {1}, 0, 4), 64), StatusCode::kDataLoss), HasSubstr("not aligned to 32"));
  EXPECT_THAT(Refusal(OneTensor(Describe("t", {33}, 8, 0), 64), StatusCode::kDataLoss),
              HasSubstr("no multiple of the block of q8_0"));
  EXPECT_THAT(Refusal(OneTensor(Describe(std::string(70000, 't'), {1}, 0, 0), 64), StatusCode::kDataLoss),
              HasSubstr("70000 bytes"));
}

TEST(GgufFile, RefusesBadAlignment) {
  for (const uint32_t alignment : {0u, 1u, 4u, 24u, 3u << 20, 1u << 21}) {
    std::string bytes = GgufBuilder().Set("general.alignment", uint32_t{32}).Tensor("t", DType::kF32, {1}, {1}).Build();
    bytes.replace(bytes.find("general.alignment") + 17 + 4, 4, Raw(alignment));
    EXPECT_THAT(Refusal(bytes, StatusCode::kDataLoss),
                HasSubstr("expected a power of two from 8 to 1048576, got " + std::to_string(alignment)));
  }
  const std::string text = GgufBuilder().Set("general.alignment", std::string("wide")).Build();
  EXPECT_THAT(Refusal(text, StatusCode::kInvalidArgument), HasSubstr("expected an integer, got a string"));
}

TEST(GgufFile, RefusesWhatStandsTwice) {
  const std::string entry = RawString("key") + Raw<uint32_t>(4) + Raw<uint32_t>(1);
  EXPECT_THAT(Refusal(Header(0, 2) + entry + entry, StatusCode::kDataLoss), HasSubstr("metadata 'key' stands twice"));
  std::string twice = Header(2, 0) + Describe("t", {1}, 0, 0) + Describe("t", {1}, 0, 32);
  twice.resize((twice.size() + 31) / 32 * 32 + 64);
  EXPECT_THAT(Refusal(twice, StatusCode::kDataLoss), HasSubstr("tensor 't' stands twice"));
}

TEST(GgufFile, OpensFilesAndNamesThoseItCannot) {
  const std::string path = TempPath("gguf_test_open.gguf");
  ASSERT_TRUE(Everything().Write(path).ok());
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->path(), path);
  EXPECT_EQ((*file)->size(), std::filesystem::file_size(path));

  const auto missing = GgufFile::Open(path + ".missing");
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr(path + ".missing"));
  EXPECT_EQ(GgufFile::Open(TempPath("")).status().code(), StatusCode::kInvalidArgument);
  std::ofstream(path + ".empty").close();
  EXPECT_THAT(GgufFile::Open(path + ".empty").status().message(), HasSubstr("an empty file"));
  const std::string pipe = path + ".pipe";
  std::filesystem::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(GgufFile::Open(pipe).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace retort
