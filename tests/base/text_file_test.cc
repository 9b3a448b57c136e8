#include "core/base/text_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

namespace retort {
namespace {

TEST(OpenToRead, GivesTheBytes) {
  const std::string path = ::testing::TempDir() + "open_to_read.txt";
  std::ofstream(path, std::ios::binary) << "a\r\nb";
  auto file = OpenToRead(path, "text");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(*file), {}), "a\r\nb");
  std::filesystem::remove(path);
}

TEST(ReadBytes, GivesAllOrSaysWhyNot) {
  const std::string path = ::testing::TempDir() + "read_bytes.txt", text(100000, 'x');
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(*ReadBytes(path, "text", text.size()), text);
  EXPECT_EQ(ReadBytes(path, "text", text.size() - 1).status().message(),
            path + ": expected text of 99999 bytes at most, got more");
  EXPECT_EQ(ReadBytes("/dev/zero", "text", 1000).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadBytes("/", "text", 1000).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadBytes("/proc/self/mem", "text", 1000).status().message(), "/proc/self/mem: reading failed");
  std::filesystem::remove(path);
}

TEST(OpenToRead, SaysWhyNotAndWhatWasExpected) {
  EXPECT_EQ(OpenToRead("no/such.txt", "a poem").status().message(),
            "no/such.txt: cannot be read: No such file or directory; expected a poem");
  EXPECT_EQ(OpenToRead("/", "a poem").status().message(), "/: cannot be read: Is a directory; expected a poem");
  EXPECT_EQ(OpenToRead("/", "a poem").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace retort
