// Every way in which a plugin can be bad: refused within 2 s, with its cause named, and the host lives and goes on.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "core/plugin/loader.h"
#include "tests/plugin/canary_path.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::CanaryDirectory;
using testing::CanaryPath;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using Seconds = std::chrono::duration<double>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* kCrash = "ends the process with exit code";  // sanitizers turn the signal into an exit
constexpr double kAllowed = 20;
#else
constexpr const char* kCrash = "kills the process with signal 11 (Segmentation fault)";
constexpr double kAllowed = 2;
#endif

/// The bytes of a good plugin, one of which is changed.
std::string GoodWith(size_t offset, char value) {
  std::string bytes = testing::ReadFile(CanaryPath("good"));
  bytes.at(offset) = value;
  return bytes;
}

struct Refusal {
  const char* name;
  StatusCode code;
  std::vector<std::string> causes;                 // parts of the reason
  std::function<std::string()> content = nullptr;  // of the file; otherwise the canary of this name
  const char* after = nullptr;                     // a good plugin that is loaded before
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class PluginRefusal : public ::testing::TestWithParam<Refusal> {
 protected:
  /// The folder of the bad plugin.
  std::string Folder() const {
    if (!GetParam().content) return CanaryDirectory(GetParam().name);
    folder_.Write(std::string(GetParam().name) + ".so", GetParam().content());
    return folder_.path();
  }
  testing::TemporaryFolder folder_;
};

TEST_P(PluginRefusal, NamesTheCauseInTimeAndTheHostLives) {
  LoaderOptions options;
  if (GetParam().after != nullptr) options.directories.push_back(CanaryDirectory(GetParam().after));
  options.directories.insert(options.directories.end(), {Folder(), CanaryDirectory("c_only")});
  options.probe_program = RETORT_BINARY_DIR "/bin/retort-plugin-probe";
  double took = 1e9;
  for (int attempt = 0; attempt < 3 && took >= kAllowed; ++attempt) {  // the machine may be busy
    Registry registry;
    const auto begin = std::chrono::steady_clock::now();
    LoadPlugins(options, registry);
    took = std::min(took, Seconds(std::chrono::steady_clock::now() - begin).count());
    EXPECT_THAT(registry.StageNames(), IsSupersetOf({"c-measure", "c-numbers"}));
    ASSERT_EQ(registry.refused().size(), 1u);
    EXPECT_EQ(std::filesystem::path(registry.refused()[0].path).stem(), GetParam().name);
    const Status& reason = registry.refused()[0].reason;
    EXPECT_EQ(reason.code(), GetParam().code) << reason.ToString();
    for (const std::string& cause : GetParam().causes) EXPECT_THAT(reason.message(), HasSubstr(cause));
  }
  EXPECT_LT(took, kAllowed);
}

INSTANTIATE_TEST_SUITE_P(
    All, PluginRefusal,
    ::testing::Values(
        Refusal{"too_old", StatusCode::kUnsupported, {"plugin ABI version 0", "no longer loads versions below 1"}},
        Refusal{"too_new", StatusCode::kUnsupported, {"plugin ABI version 2", "knows versions up to 1"}},
        Refusal{"no_symbol",
                StatusCode::kInvalidArgument,
                {"exports no symbol `retort_plugin_abi_version`", "RETORT_PLUGIN"}},
        Refusal{"no_init", StatusCode::kInvalidArgument, {"exports no symbol `retort_plugin_init`"}},
        Refusal{"wrong_size", StatusCode::kInvalidArgument, {"retort_stage_spec.size: expected 144 or more, got 136"}},
        Refusal{"lying", StatusCode::kInvalidArgument, {"stage `canary-lying`: option `fields`.default_value: `11`"}},
        Refusal{"empty", StatusCode::kInvalidArgument, {"registered no stage"}},
        Refusal{"declines", StatusCode::kUnsupported, {"no tea left; buy some"}},
        Refusal{"wordless", StatusCode::kDataLoss, {"retort_plugin_init failed without a message"}},
        Refusal{
            "throws_in_init", StatusCode::kInternal, {"retort_plugin_init threw an exception: the kettle is empty"}},
        Refusal{"aborts_in_init", StatusCode::kInternal, {"kills the process with signal 6 (Aborted)"}},
        Refusal{"exits_in_init", StatusCode::kInternal, {"ends the process with exit code 0"}},
        Refusal{"crashes_on_load", StatusCode::kInternal, {kCrash}},
        Refusal{"hangs_in_init", StatusCode::kCancelled, {"not loaded within 1700 ms", "RETORT_PROBE_TIMEOUT"}},
        Refusal{"undefined_symbol", StatusCode::kNotFound, {"undefined symbol: retort_canary_function_of_nobody"}},
        Refusal{"missing_dependency",
                StatusCode::kNotFound,
                {"libretort_canary_absent.so: cannot open shared object file"}},
        Refusal{"duplicate_name",
                StatusCode::kAlreadyExists,
                {"`canary-good`", CanaryPath("good"), CanaryPath("duplicate_name")},
                nullptr,
                "good"},
        Refusal{
            "no_elf", StatusCode::kInvalidArgument, {"no ELF file"}, [] { return std::string("#!/bin/sh\nexit 0\n"); }},
        Refusal{"no_bytes", StatusCode::kInvalidArgument, {"it is empty"}, [] { return std::string(); }},
        Refusal{"cut_off",
                StatusCode::kInvalidArgument,
                {"cut off within its ELF header"},
                [] { return testing::ReadFile(CanaryPath("good")).substr(0, 40); }},
        Refusal{"cut_off_later",
                StatusCode::kInvalidArgument,
                {"it is cut off: it needs", "bytes and has 2000"},
                [] { return testing::ReadFile(CanaryPath("good")).substr(0, 2000); }},
        Refusal{"program",
                StatusCode::kInvalidArgument,
                {"no shared library"},
                [] { return GoodWith(offsetof(Elf64_Ehdr, e_type), ET_EXEC); }},
        Refusal{"wrong_machine",
                StatusCode::kUnsupported,
                {"built for AArch64, this Retort for x86-64"},
                [] { return GoodWith(offsetof(Elf64_Ehdr, e_machine), static_cast<char>(EM_AARCH64)); }},
        Refusal{"wrong_width",
                StatusCode::kUnsupported,
                {"built for x86, 32 bits"},
                [] {
                  std::string bytes = GoodWith(EI_CLASS, ELFCLASS32);
                  bytes.at(offsetof(Elf64_Ehdr, e_machine)) = EM_386;
                  return bytes;
                }}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace retort
