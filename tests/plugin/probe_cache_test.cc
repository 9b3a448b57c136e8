#include "core/plugin/probe_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/plugin/loader.h"
#include "tests/plugin/canary_path.h"

namespace retort {
namespace {

namespace fs = std::filesystem;

class ProbeCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Write(plugin_, "content");
  }
  void TearDown() override { fs::remove_all(folder_); }
  static void Write(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

  const std::string folder_ = ::testing::TempDir() + "retort_probe_cache_" + std::to_string(getpid());
  const std::string plugin_ = folder_ + "/plugin.so", path_ = folder_ + "/deep/cache.json";
};

TEST_F(ProbeCacheTest, RemembersWhatPassed) {
  ProbeCache first(path_);
  EXPECT_FALSE(first.Passed(plugin_));
  first.SetPassed(plugin_);
  first.Save();
  EXPECT_TRUE(ProbeCache(path_).Passed(plugin_));
  EXPECT_FALSE(ProbeCache(path_).Passed(folder_ + "/other.so"));
}

TEST_F(ProbeCacheTest, ForgetsAFileWhoseContentChanged) {
  ProbeCache first(path_);
  first.SetPassed(plugin_);
  first.Save();
  Write(plugin_, "c0ntent");  // the same size
  EXPECT_FALSE(ProbeCache(path_).Passed(plugin_));
}

TEST_F(ProbeCacheTest, KnowsTheSameContentUnderAnotherTime) {
  ProbeCache first(path_);
  first.SetPassed(plugin_);
  first.Save();
  Write(folder_ + "/copy", "content");
  fs::rename(folder_ + "/copy", plugin_);
  EXPECT_TRUE(ProbeCache(path_).Passed(plugin_));
}

TEST_F(ProbeCacheTest, TakesDamagedFilesAsEmpty) {
  fs::create_directories(folder_ + "/deep");
  for (const char* content :
       {"", "{", "[1]", "{\"format\": 3}", "{\"format\": \"0/0/0\", \"passed\": {}}", "\xff\xfe"}) {
    Write(path_, content);
    EXPECT_FALSE(ProbeCache(path_).Passed(plugin_)) << content;
  }
  ProbeCache good(path_);
  good.SetPassed(plugin_);
  good.Save();
  std::ifstream file(path_);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (size_t length = 0; length < text.size() - 1; ++length) {
    Write(path_, text.substr(0, length));
    static_cast<void>(ProbeCache(path_).Passed(plugin_));
  }
}

TEST_F(ProbeCacheTest, SurvivesAPlaceThatCannotBeWritten) {
  ProbeCache cache("/proc/no/such/place.json");
  cache.SetPassed(plugin_);
  cache.Save();
  EXPECT_TRUE(cache.Passed(plugin_));
}

TEST_F(ProbeCacheTest, KeepsTheLoaderFromProbingAgain) {
  LoaderOptions options;
  options.directories = {testing::CanaryDirectory("good")};
  options.probe_program = RETORT_BINARY_DIR "/bin/retort-plugin-probe";
  options.cache_path = path_;
  Registry first, second, third;
  LoadPlugins(options, first);
  ASSERT_NE(first.Find("canary-good"), nullptr);
  options.probe_program = "/bin/false";  // refuses whatever it is asked
  LoadPlugins(options, second);
  EXPECT_NE(second.Find("canary-good"), nullptr);
  options.cache_path.clear();
  LoadPlugins(options, third);
  EXPECT_EQ(third.Find("canary-good"), nullptr);
}

TEST_F(ProbeCacheTest, DoesNotKeepWhatFailed) {
  LoaderOptions options;
  options.directories = {testing::CanaryDirectory("aborts_in_init")};
  options.probe_program = RETORT_BINARY_DIR "/bin/retort-plugin-probe";
  options.cache_path = path_;
  Registry registry;
  LoadPlugins(options, registry);
  EXPECT_FALSE(ProbeCache(path_).Passed(testing::CanaryPath("aborts_in_init")));
}

}  // namespace
}  // namespace retort
