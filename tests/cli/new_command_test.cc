// retort new plugin: a project that builds and passes as written, names that are checked, folders that stay as they
// are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A project without sanitizers cannot be linked to a library with them.
bool LibraryIsSanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

TEST(NewPlugin, WritesAProjectUnderItsNames) {
  const TemporaryFolder folder;
  const Finished made = RunRetort({"new", "plugin", "word-count"}, "", folder.path());
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("word-count/ci/check"));
  EXPECT_THAT(folder.Read("word-count/src/word_count.cc"), HasSubstr("RETORT_PLUGIN(WordCount)"));
  EXPECT_THAT(folder.Read("word-count/pipelines/word-count.yaml"), HasSubstr("uses: word-count"));
  EXPECT_THAT(folder.Read("word-count/.gitignore"), HasSubstr("/build/"));
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string text = ReadFile(entry.path().string());
    for (const char* left : {"my-stage", "my_stage", "MyStage"})
      EXPECT_THAT(text, Not(HasSubstr(left))) << entry.path();
  }
  const auto permissions = fs::status(folder.path() + "/word-count/ci/check").permissions();
  EXPECT_NE(permissions & fs::perms::owner_exec, fs::perms::none);
}

TEST(NewPlugin, RefusesNamesWithTheReason) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& name) {
    const Finished finished = RunRetort({"new", "plugin", name}, "", folder.path());
    EXPECT_EQ(finished.exit_code, 2) << name;
    return finished.err;
  };
  for (const char* name : {"Word", "word_count", "word--count", "word-", "2words", "wörter", "a b", "", "../x"})
    EXPECT_THAT(refused(name), HasSubstr("expected 1 to 64 lower-case letters and digits")) << name;
  EXPECT_THAT(refused(std::string(65, 'a')), HasSubstr("expected 1 to 64"));
  EXPECT_THAT(refused("verify"), HasSubstr("there is a stage `verify`"));
  EXPECT_THAT(refused("verify"), HasSubstr("verify.so"));
  EXPECT_THAT(refused("test"), HasSubstr("CMake"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(NewPlugin, LeavesAFolderThatIsThere) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() + "/taken");
  folder.Write("taken/mine", "mine");
  const Finished refused = RunRetort({"new", "plugin", "word-count", "-o", "taken"}, "", folder.path());
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("taken is there already"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() + "/taken"), fs::directory_iterator()), 1);
  EXPECT_EQ(folder.Read("taken/mine"), "mine");
  fs::create_directory(folder.path() + "/empty");
  EXPECT_EQ(RunRetort({"new", "plugin", "word-count", "-o", "empty"}, "", folder.path()).exit_code, 0);
  EXPECT_EQ(RunRetort({"new", "plugin", "word-count", "-o", "/proc/no/such"}, "", folder.path()).exit_code, 2);
}

TEST(NewPlugin, InCBuildsAndPassesItsTests) {
  if (LibraryIsSanitized()) GTEST_SKIP();
  const TemporaryFolder folder;
  const Finished built =
      RunRetort({"new", "plugin", "word-count", "--language", "c", "--build"}, "", folder.path(), {{"CC", "cc"}});
  EXPECT_EQ(built.exit_code, 0) << built.out << built.err;
  EXPECT_THAT(built.out, HasSubstr("100% tests passed, 0 tests failed out of 4"));
}

TEST(NewPlugin, InCppBuildsAndPassesItsTests_slow) {
  if (LibraryIsSanitized()) GTEST_SKIP();
  const TemporaryFolder folder;
  const Finished built = RunRetort({"new", "plugin", "word-count", "--build"}, "", folder.path());
  EXPECT_EQ(built.exit_code, 0) << built.out << built.err;
  EXPECT_THAT(built.out, HasSubstr("100% tests passed, 0 tests failed out of 4"));
}

TEST(NewPlugin, SaysWhenItsTestsFail) {
  if (LibraryIsSanitized()) GTEST_SKIP();
  const TemporaryFolder folder;
  ASSERT_EQ(RunRetort({"new", "plugin", "word-count", "--language", "c"}, "", folder.path()).exit_code, 0);
  folder.Write("word-count/pipelines/data/expected.jsonl", "{}\n");
  const Finished checked = RunShell("retort_ROOT=$(dirname $(dirname $RETORT)) word-count/ci/check", folder.path());
  EXPECT_NE(checked.exit_code, 0);
  EXPECT_THAT(checked.out, HasSubstr("75% tests passed, 1 tests failed out of 4"));
}

// One source: what the README shows is what `new plugin` writes.
TEST(NewPlugin, IsWhatTheReadmeShows) {
  const std::string readme = ReadFile(SourceFolder() + "/plugins/README.md");
  const std::string stage = ReadFile(SourceFolder() + "/tools/cli/scaffold/plugin/cpp/src/my_stage.cc");
  ASSERT_FALSE(stage.empty());
  EXPECT_THAT(readme, HasSubstr("```cpp\n" + stage + "```\n"));
}

}  // namespace
}  // namespace retort::testing
