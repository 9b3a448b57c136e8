#include "core/plugin/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>

#include "tests/plugin/canary_path.h"

namespace retort {
namespace {

using ::testing::AllOf;
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

struct Canary {
  const char* name;
  StatusCode code;
  std::vector<const char*> reasons;
};
void PrintTo(const Canary& canary, std::ostream* out) { *out << canary.name; }

/// Beside a good plugin, so that the host is seen to live and to go on.
class LoaderRefuses : public ::testing::TestWithParam<Canary> {};

TEST_P(LoaderRefuses, WithTheReasonAndTheHostLives) {
  Registry registry;
  LoadPlugins(Options({GetParam().name, "c_only"}), registry);
  EXPECT_THAT(registry.StageNames(), ElementsAre("c-measure", "c-numbers"));
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_EQ(registry.refused()[0].path, CanaryPath(GetParam().name));
  const Status& reason = registry.refused()[0].reason;
  EXPECT_EQ(reason.code(), GetParam().code) << reason.ToString();
  for (const char* part : GetParam().reasons) EXPECT_THAT(reason.message(), HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Canaries, LoaderRefuses,
    ::testing::Values(
        Canary{"no_symbol",
               StatusCode::kInvalidArgument,
               {"exports no symbol `retort_plugin_abi_version`", "RETORT_PLUGIN"}},
        Canary{"no_init", StatusCode::kInvalidArgument, {"exports no symbol `retort_plugin_init`"}},
        Canary{"too_old", StatusCode::kUnsupported, {"plugin ABI version 0", "no longer loads versions below 1"}},
        Canary{"too_new", StatusCode::kUnsupported, {"plugin ABI version 2", "knows versions up to 1"}},
        Canary{"wrong_size", StatusCode::kInvalidArgument, {"retort_stage_spec.size: expected 144 or more, got 136"}},
        Canary{"lying", StatusCode::kInvalidArgument, {"stage `canary-lying`: option `fields`.default_value: `11`"}},
        Canary{"empty", StatusCode::kInvalidArgument, {"registered no stage"}},
        Canary{"declines", StatusCode::kUnsupported, {"no tea left; buy some"}},
        Canary{"wordless", StatusCode::kDataLoss, {"retort_plugin_init failed without a message"}},
        Canary{"throws_in_init", StatusCode::kInternal, {"retort_plugin_init threw an exception: the kettle is empty"}},
        Canary{"aborts_in_init", StatusCode::kInternal, {"kills the process with signal 6 (Aborted)"}},
        Canary{"exits_in_init", StatusCode::kInternal, {"ends the process with exit code 0"}},
        Canary{"undefined_symbol", StatusCode::kNotFound, {"undefined symbol: retort_canary_function_of_nobody"}},
        Canary{"missing_dependency",
               StatusCode::kNotFound,
               {"libretort_canary_absent.so: cannot open shared object file"}}),
    [](const auto& test) { return test.param.name; });

// Each has its own reason, also where one that says nothing follows one that the host told something.
TEST(Loader, ARefusedPluginGetsNoReasonOfAnother) {
  Registry registry;
  LoadPlugins(Options({"lying", "wordless"}), registry);
  ASSERT_EQ(registry.refused().size(), 2u);
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("canary-lying"));
  EXPECT_EQ(registry.refused()[1].reason.message(),
            "retort_plugin_init failed without a message; plugins say why with set_error");
}

TEST(Loader, RefusesAPluginThatCrashesInAConstructor) {
  Registry registry;
  LoadPlugins(Options({"crashes_on_load"}), registry);
  ASSERT_EQ(registry.refused().size(), 1u);
  // Sanitizers turn the signal into an exit of their own.
  EXPECT_THAT(registry.refused()[0].reason.message(),
              ::testing::AnyOf(HasSubstr("signal 11"), HasSubstr("ends the process with exit code")));
}

TEST(Loader, StopsAPluginThatHangs) {
  LoaderOptions options = Options({"hangs_in_init", "good"});
  options.probe_timeout = std::chrono::milliseconds(1500);
  const auto begin = std::chrono::steady_clock::now();
  Registry registry;
  LoadPlugins(options, registry);
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_EQ(registry.refused()[0].path, CanaryPath("hangs_in_init"));
  EXPECT_THAT(registry.refused()[0].reason.message(), HasSubstr("not loaded within 1500 ms"));
  EXPECT_GE(took, std::chrono::milliseconds(1500));
  EXPECT_LT(took, std::chrono::seconds(20));
}

TEST(Loader, NamesBothFilesOfADuplicateStage) {
  Registry registry;
  LoadPlugins(Options({"good", "duplicate_name"}), registry);
  EXPECT_THAT(registry.StageNames(), ElementsAre("canary-good"));
  ASSERT_EQ(registry.refused().size(), 1u);
  EXPECT_EQ(registry.refused()[0].reason.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(
      registry.refused()[0].reason.message(),
      AllOf(HasSubstr(CanaryPath("good")), HasSubstr(CanaryPath("duplicate_name")), HasSubstr("`canary-good`")));
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

TEST(Loader, RefusesAFileThatIsNoLibrary) {
  const std::string path = ::testing::TempDir() + "retort_not_a_library.so";
  std::fclose(std::fopen(path.c_str(), "w"));
  Registry registry;
  const Status status = LoadPlugin(path, registry);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("file too short"));
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

}  // namespace
}  // namespace retort
