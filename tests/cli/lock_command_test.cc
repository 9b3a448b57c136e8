// retort lock, and what run, plan and lint make of a lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr const char* kPipeline = R"(retort: 1
name: locked
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  old: { uses: old-stage, with: { max_words: 2 } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges: [ read -> old, old -> write ]
)";

/// A folder with a plugin of its own, which can change.
class LockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_.path() + "/plugins");
    fs::copy_file(SourceFolder() + "/tests/plugin/data/abi_v1/old_stage.so", Plugin());
    folder_.Write("p.yaml", kPipeline);
    folder_.Write("in.jsonl", R"({"id": "a", "text": "one two three"})"
                              "\n");
  }
  std::string Plugin() const { return folder_.path() + "/plugins/old_stage.so"; }
  Finished Retort(const std::vector<std::string>& arguments) const {
    return RunRetort(arguments, "", folder_.path(),
                     {{"RETORT_PLUGIN_PATH", "plugins"}, {"XDG_CACHE_HOME", folder_.path() + "/cache"}});
  }
  /// Bytes behind the end of a library change its hash and nothing else.
  void ChangePlugin() const { std::ofstream(Plugin(), std::ios::app | std::ios::binary) << "changed"; }
  std::string HashOf(const std::string& file) const { return RunShell("sha256sum < '" + file + "'").out.substr(0, 64); }

  TemporaryFolder folder_;
};

TEST_F(LockTest, HoldsTheHashOfEachStagesPlugin) {
  const Finished locked = Retort({"lock", "p.yaml"});
  ASSERT_EQ(locked.exit_code, 0) << locked.err;
  EXPECT_EQ(locked.out, "p.yaml.lock\n");
  const Json lock = Json::parse(folder_.Read("p.yaml.lock"));
  EXPECT_EQ(lock["retort_lock"], 1);
  ASSERT_EQ(lock["stages"].size(), 3u);
  const Json expected = {{"uses", "old-stage"}, {"plugin", "old_stage.so"}, {"sha256", HashOf(Plugin())}};
  EXPECT_EQ(lock["stages"]["old"], expected);
  EXPECT_THAT(folder_.Read("p.yaml.lock"), Not(HasSubstr(folder_.path())));
}

TEST_F(LockTest, ChangedPluginsAreRefusedWithBothHashesAndTheFix) {
  ASSERT_EQ(Retort({"lock", "p.yaml"}).exit_code, 0);
  const std::string before = HashOf(Plugin());
  for (const char* command : {"run", "plan", "lint"}) EXPECT_EQ(Retort({command, "p.yaml"}).exit_code, 0) << command;
  ChangePlugin();
  fs::remove(folder_.path() + "/out.jsonl");
  for (const char* command : {"run", "plan", "lint"}) {
    const Finished refused = Retort({command, "p.yaml"});
    EXPECT_EQ(refused.exit_code, 2) << command;
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("p.yaml.lock"), HasSubstr("stage `old`"), HasSubstr("old_stage.so"),
                      HasSubstr("locked: sha256 " + before), HasSubstr("now:    sha256 " + HashOf(Plugin())),
                      HasSubstr("`retort lock p.yaml`"), HasSubstr("--no-lock")));
    EXPECT_THAT(refused.err, Not(HasSubstr("stage `read`")));
    EXPECT_THAT(refused.out, Not(HasSubstr("ok")));
  }
  EXPECT_FALSE(fs::exists(folder_.path() + "/out.jsonl"));
  for (const char* command : {"run", "plan", "lint"})
    EXPECT_EQ(Retort({command, "p.yaml", "--no-lock"}).exit_code, 0) << command;
  ASSERT_EQ(Retort({"lock", "p.yaml"}).exit_code, 0);
  EXPECT_EQ(Retort({"run", "p.yaml"}).exit_code, 0);
}

TEST_F(LockTest, LockedWantsALock) {
  for (const char* command : {"run", "plan", "lint"}) {
    const Finished refused = Retort({command, "p.yaml", "--locked"});
    EXPECT_EQ(refused.exit_code, 2) << command;
    EXPECT_THAT(refused.err, HasSubstr("retort lock p.yaml"));
  }
  ASSERT_EQ(Retort({"lock", "p.yaml"}).exit_code, 0);
  EXPECT_EQ(Retort({"plan", "p.yaml", "--locked"}).exit_code, 0);
  EXPECT_EQ(Retort({"plan", "p.yaml", "--locked", "--no-lock"}).exit_code, 2);
}

TEST_F(LockTest, StagesBeyondTheLockAndDamagedLocksAreRefused) {
  ASSERT_EQ(Retort({"lock", "p.yaml"}).exit_code, 0);
  std::string more = kPipeline;
  more.replace(more.find("  write:"), 0, "  again: { uses: old-stage }\n");
  more.replace(more.find("old -> write"), 12, "old -> again, again -> write");
  folder_.Write("p.yaml", more);
  EXPECT_THAT(Retort({"plan", "p.yaml"}).err, HasSubstr("stage `again`"));
  std::filesystem::remove(folder_.path() + "/p.yaml.lock");
  std::filesystem::create_directory(folder_.path() + "/p.yaml.lock");
  EXPECT_THAT(Retort({"plan", "p.yaml"}).err, HasSubstr("p.yaml.lock: cannot be read: Is a directory"));
  std::filesystem::remove(folder_.path() + "/p.yaml.lock");
  for (const char* damaged : {"", "{", "[]", "{\"retort_lock\": 2}"}) {
    folder_.Write("p.yaml.lock", damaged);
    const Finished refused = Retort({"plan", "p.yaml"});
    EXPECT_EQ(refused.exit_code, 2) << damaged;
    EXPECT_THAT(refused.err, HasSubstr("is no lock of version 1")) << damaged;
  }
}

TEST_F(LockTest, ChangedModelsAreRefusedByRunAndPlan) {
  const std::string model = folder_.path() + "/tiny.gguf";
  WriteTinyModel(model);
  folder_.Write("p.yaml", R"(retort: 1
name: locked
models: { m: { source: tiny.gguf } }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  prompt: { uses: prompt, with: { model: m } }
  generate: { uses: generate, with: { model: m, max_tokens: 1 } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges: [ read -> prompt, prompt -> generate, { from: generate.continue, to: generate, back: true }, generate.done -> write ]
)");
  ASSERT_EQ(Retort({"lock", "p.yaml"}).exit_code, 0);
  const Json lock = Json::parse(folder_.Read("p.yaml.lock"));
  EXPECT_EQ(lock["models"]["m"]["files"]["tiny.gguf"]["sha256"], HashOf(model));
  EXPECT_EQ(Retort({"plan", "p.yaml"}).exit_code, 0);
  std::ofstream(model, std::ios::app | std::ios::binary) << "changed";
  for (const char* command : {"run", "plan"}) {
    const Finished refused = Retort({command, "p.yaml"});
    EXPECT_EQ(refused.exit_code, 2) << command << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("model `m` (tiny.gguf) changed"));
  }
  EXPECT_EQ(Retort({"lint", "p.yaml"}).exit_code, 0);
}

TEST_F(LockTest, WhereKeysAreNamedOnlySignedPluginsAreLoaded) {
  const auto shell = [&](const std::string& command) { return RunShell(command, folder_.path()).exit_code; };
  ASSERT_EQ(shell("for k in ours other; do openssl genpkey -algorithm ed25519 -out $k.pem && "
                  "openssl pkey -in $k.pem -pubout -out $k.pub || exit 1; done"),
            0);
  const auto list = [&](const std::string& keys) {
    return RunRetort({"list"}, "", folder_.path(),
                     {{"RETORT_PLUGIN_PATH", "plugins"},
                      {"XDG_CACHE_HOME", folder_.path() + "/cache"},
                      {"RETORT_PLUGIN_KEYS", keys}})
        .out;
  };
  EXPECT_THAT(list(""), HasSubstr("old-stage"));
  EXPECT_THAT(list("ours.pub"),
              AllOf(HasSubstr("it is not signed"), HasSubstr("openssl pkeyutl -sign"), HasSubstr("read-jsonl")))
      << "the program's own are as trusted as it is";
  ASSERT_EQ(
      shell("openssl pkeyutl -sign -rawin -inkey ours.pem -in plugins/old_stage.so -out plugins/old_stage.so.sig"), 0);
  EXPECT_THAT(list("other.pub:ours.pub"), Not(HasSubstr("refused")));
  EXPECT_THAT(list("other.pub"), HasSubstr("its signature is by none of the keys"));
  EXPECT_THAT(list("ours.pem"), HasSubstr("holds no public key"));
  ChangePlugin();
  EXPECT_THAT(list("ours.pub"), HasSubstr("its signature is by none of the keys"));
}

}  // namespace
}  // namespace retort::testing
