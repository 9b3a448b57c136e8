#include "core/plugin/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tests/plugin/canary_path.h"

namespace retort {
namespace {

using testing::CanaryDirectory;
using testing::CanaryPath;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LoaderOptions Options(std::vector<std::string> canaries) {
  LoaderOptions options;
  for (const std::string& canary : canaries) options.directories.push_back(CanaryDirectory(canary));
  options.probe_program = RETORT_BINARY_DIR "/bin/retort-plugin-probe";
  return options;
}

// Each has its own reason, also where one that says nothing follows one that the host told something.
TEST(Loader, ARefusedPluginGetsNoReasonOfAnother) {
  Registry registry;
  LoadPlugins(Options({"lying", "wordless"}), registry);
  ASSERT_EQ(registry.refused().size(), 2u);
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("canary-lying"));
  EXPECT_EQ(registry.refused()[1].reason.message(),
            "retort_plugin_init failed without a message; plugins say why with set_error");
}

TEST(Loader, GivesAPluginTheTimeThatIsAsked) {
  LoaderOptions options = Options({"hangs_in_init", "good"});
  options.probe_timeout = std::chrono::milliseconds(300);
  const auto begin = std::chrono::steady_clock::now();
  Registry registry;
  LoadPlugins(options, registry);
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("not loaded within 300 ms"));
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_NE(registry.Find("canary-good"), nullptr);
}

TEST(Loader, LoadsAFileFoundTwiceOnce) {
  Registry registry;
  LoadPlugins(Options({"good", "good"}), registry);
  EXPECT_THAT(registry.refused(), IsEmpty());
  EXPECT_THAT(registry.StageNames(), ElementsAre("canary-good"));
}

TEST(Loader, ReportsADirectoryThatIsNotThere) {
  Registry registry;
  LoadPlugins(Options({"no_such_canary", "good"}), registry);
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_EQ(registry.refused()[0].path, CanaryDirectory("no_such_canary"));
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("No such file or directory"));
  EXPECT_NE(registry.Find("canary-good"), nullptr);
}

TEST(Loader, ReportsAProbeThatIsNotThere) {
  LoaderOptions options = Options({"good"});
  options.probe_program += "-that-is-not-there";
  Registry registry;
  LoadPlugins(options, registry);
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("does not start: No such file or directory"));
}

TEST(Loader, LooksInThePathOfTheEnvironment) {
  ASSERT_EQ(setenv("RETORT_PLUGIN_PATH", "/first::/second:", 1), 0);
  const LoaderOptions options = DefaultLoaderOptions({"/extra"});
  ASSERT_EQ(unsetenv("RETORT_PLUGIN_PATH"), 0);
  ASSERT_EQ(options.directories.size(), 4u);
  EXPECT_EQ(options.directories[0], "/extra");
  EXPECT_EQ(options.directories[1], "/first");
  EXPECT_EQ(options.directories[2], "/second");
  EXPECT_THAT(options.directories[3], ::testing::EndsWith("retort/plugins"));
  EXPECT_THAT(options.probe_program, ::testing::EndsWith("/retort-plugin-probe"));
}

TEST(Loader, TakesTheTimeOfAProbeFromTheEnvironment) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, int>>{
           {"2.5", 2500}, {"30", 30000}, {"", 1700}, {"0", 1700}, {"-1", 1700}, {"soon", 1700}, {"1e9", 1700}}) {
    ASSERT_EQ(setenv("RETORT_PROBE_TIMEOUT", text, 1), 0);
    EXPECT_EQ(DefaultLoaderOptions({}).probe_timeout, std::chrono::milliseconds(expected)) << text;
  }
  ASSERT_EQ(unsetenv("RETORT_PROBE_TIMEOUT"), 0);
}

}  // namespace
}  // namespace retort
