// Version 1 of the plugin ABI is kept: a binary of the day it was frozen loads and works, structs of other lengths are
// read and filled within what their writer has, and a plugin shows its two symbols and wants none of the host's.
#include "core/plugin/abi_v1.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/testing/mock_host.h"
#include "tests/plugin/canary_path.h"

namespace retort::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const char* const kOldPlugin = RETORT_SOURCE_DIR "/tests/plugin/data/abi_v1/old_stage.so";

TEST(AbiV1, APluginBuiltWhenItWasFrozenLoadsAndWorks) {
  MockHost host;
  const Status loaded = host.Load(kOldPlugin);
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  const StageDescriptor* const described = host.registry().Find("old-stage");
  ASSERT_NE(described, nullptr);
  EXPECT_EQ(described->default_max_batch, 64u);
  EXPECT_EQ(described->functions.advise, nullptr);  // it came later
  ASSERT_EQ(described->options.size(), 3u);
  EXPECT_EQ(described->options[1].maximum, 1e6);
  EXPECT_THAT(described->options[2].choices, ElementsAre("fail", "skip"));

  auto stage = host.Create("old-stage", "{ max_words: 2 }");
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  Record* const cut = host.NewRecord(R"({"id": "a", "text": "one two three"})");
  Record* const bare = host.NewRecord(R"({"id": "b"})");
  EXPECT_TRUE((*stage)->Process({cut, bare}).ok());
  EXPECT_THAT((*stage)->emitted(0), ElementsAre(cut));
  EXPECT_EQ(cut->json.dump(), R"({"id":"a","text":"one two"})");
  ASSERT_EQ((*stage)->failed().size(), 1u);
  EXPECT_EQ((*stage)->failed()[0].status.code(), StatusCode::kNotFound);
  EXPECT_EQ((*stage)->counter("texts_cut"), 1);
}

TEST(AbiV1, AShorterStructIsReadAsIfTheRestWereZero) {
  alignas(retort_limits) std::array<unsigned char, sizeof(retort_limits)> bytes;
  bytes.fill(0xAB);
  auto* const given = reinterpret_cast<retort_limits*>(bytes.data());
  given->size = offsetof(retort_limits, stop_count);
  given->max_tokens = 7;
  const retort_limits read = ReadStruct(given);
  EXPECT_EQ(read.max_tokens, 7);
  EXPECT_EQ(read.stop_count, 0u);
  EXPECT_EQ(read.ignore_eos, 0);
}

TEST(AbiV1, AStructIsFilledAsFarAsItsWriterHasIt) {
  struct Longer {
    retort_token token;
    uint64_t later;
  } longer{{sizeof(Longer), 0, {}}, 0xABABABAB};
  FillStruct(&longer.token, {sizeof(retort_token), RETORT_TOKEN_END, {"x", 1}});
  EXPECT_EQ(longer.token.size, sizeof(Longer));
  EXPECT_EQ(longer.token.text.length, 1u);
  EXPECT_EQ(longer.later, 0xABABABABu);

  retort_token shorter{offsetof(retort_token, text), 0, {"before", 6}};
  FillStruct(&shorter, {sizeof(retort_token), RETORT_TOKEN_END, {"x", 1}});
  EXPECT_EQ(shorter.size, offsetof(retort_token, text));
  EXPECT_EQ(shorter.flags, static_cast<uint32_t>(RETORT_TOKEN_END));
  EXPECT_EQ(shorter.text.length, 6u);
}

TEST(AbiV1, APluginOfANewerSdkSaysSo) {
  void* const library = dlopen(CanaryPath("sdk_stages").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto init = reinterpret_cast<decltype(&retort_plugin_init)>(dlsym(library, "retort_plugin_init"));
  ASSERT_NE(init, nullptr);
  retort_host older = HostServices();
  older.size -= sizeof(void*);
  LastHostError().clear();
  EXPECT_EQ(init(&older, nullptr), RETORT_UNSUPPORTED);
  EXPECT_THAT(LastHostError(), HasSubstr("built with the SDK of a newer Retort"));
}

/// What `nm -D OPTION FILE` lists, without versions.
std::vector<std::string> Symbols(const std::string& option, const std::string& file) {
  const std::string command = "nm -D --format=just-symbols " + option + " '" + file + "'";
  FILE* const pipe = popen(command.c_str(), "r");
  std::vector<std::string> symbols;
  char line[4096];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    const std::string text(line);
    symbols.push_back(text.substr(0, text.find_first_of("@\n")));
  }
  EXPECT_EQ(pipe == nullptr ? -1 : pclose(pipe), 0) << command;
  return symbols;
}

class PluginSymbols : public ::testing::TestWithParam<std::string> {};

TEST_P(PluginSymbols, AreItsTwoAndNoneOfTheHosts) {
  const std::string& file = GetParam();
  ASSERT_TRUE(std::filesystem::exists(file)) << file;
  EXPECT_THAT(Symbols("--defined-only", file), UnorderedElementsAre("retort_plugin_abi_version", "retort_plugin_init"));
  for (const std::string& symbol : Symbols("--undefined-only", file)) {
    EXPECT_THAT(symbol, Not(StartsWith("retort_")));
    EXPECT_EQ(symbol.find("6retort"), symbol.npos) << symbol;  // of the namespace
  }
}

std::vector<std::string> Plugins() {
  std::vector<std::string> files = {kOldPlugin};
  for (const char* name :
       {"correct", "draft", "generate", "prompt", "read_jsonl", "sparse_predict", "verify", "write_jsonl"})
    files.push_back(std::string(RETORT_BINARY_DIR "/lib/retort/plugins/") + name + ".so");
  return files;
}

INSTANTIATE_TEST_SUITE_P(OfTheTree, PluginSymbols, ::testing::ValuesIn(Plugins()),
                         [](const auto& test) { return std::filesystem::path(test.param).stem().string(); });

}  // namespace
}  // namespace retort::testing
