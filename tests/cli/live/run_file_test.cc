// By what `retort top` finds runs: there while a run is on, passed over and removed afterwards.
#include "tools/cli/live/run_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>

#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

using cli::FindRuns;
using cli::RunFile;

class RunFiles : public ::testing::Test {
 protected:
  RunFiles() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
  size_t Count() const {
    const std::filesystem::directory_iterator files(folder_.path() + "/retort");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }
  TemporaryFolder folder_;
};

TEST_F(RunFiles, ARunIsFoundWhileItIsOn) {
  EXPECT_TRUE(FindRuns().empty());
  {
    auto first = RunFile::Write({12, "a \"b\".yaml", "127.0.0.1:9464"});
    ASSERT_TRUE(first.ok()) << first.status().ToString();
    auto second = RunFile::Write({7, "c.yaml", "[::1]:9465"});
    ASSERT_TRUE(second.ok()) << second.status().ToString();
    const auto runs = FindRuns();
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].pid, 7);
    EXPECT_EQ(runs[0].endpoint, "[::1]:9465");
    EXPECT_EQ(runs[1].pipeline, "a \"b\".yaml");
  }
  EXPECT_TRUE(FindRuns().empty());
  EXPECT_EQ(Count(), 0u);
}

TEST_F(RunFiles, WhatAKilledRunLeftIsRemoved) {
  const auto run = RunFile::Write({12, "a.yaml", "127.0.0.1:9464"});  // makes the folder
  ASSERT_TRUE(run.ok());
  folder_.Write("retort/13-9465.json", R"({"pid":13,"pipeline":"b.yaml","endpoint":"127.0.0.1:9465"})");
  EXPECT_EQ(FindRuns().size(), 1u);
  EXPECT_EQ(Count(), 1u);
}

TEST_F(RunFiles, AFolderThatOthersCanWriteIsNotUsed) {
  { ASSERT_TRUE(RunFile::Write({12, "a.yaml", "127.0.0.1:9464"}).ok()); }
  ASSERT_EQ(chmod((folder_.path() + "/retort").c_str(), 0777), 0);
  EXPECT_EQ(RunFile::Write({12, "a.yaml", "127.0.0.1:9464"}).status().code(), StatusCode::kUnsupported);
  EXPECT_TRUE(FindRuns().empty());
}

}  // namespace
}  // namespace retort::testing
