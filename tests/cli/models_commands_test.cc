// models quantize and models perplexity, on a tiny model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

std::string Tiny(const TemporaryFolder& folder) { return WriteTinyModel(folder.path() + "/tiny.gguf"); }

TEST(ModelsQuantize, WritesAFileThatInspectReads) {
  const TemporaryFolder folder;
  const std::string source = Tiny(folder), out = folder.path() + "/small.gguf";
  const std::vector<std::string> command = {"models", "quantize", source, "--type", "q4_0", "--output", out};
  const Finished done = RunRetort(command);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr(out + ": "));
  EXPECT_THAT(done.out, HasSubstr("15 matrices converted, 0 had their type already"));
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(RunRetort({"models", "inspect", out}).out, HasSubstr("q4_0    15 tensors"));

  const Finished again = RunRetort(command);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("error: " + out + ": expected no file of this name, but there is one"));
  std::vector<std::string> forced = command;
  forced.insert(forced.end(), {"--force", "--embedding-type", "f16", "--threads", "1"});
  EXPECT_EQ(RunRetort(forced).exit_code, 0);
  EXPECT_THAT(RunRetort({"models", "inspect", out}).out, HasSubstr("f16     1 tensors"));
}

TEST(ModelsQuantize, SaysWhichMatricesKeepTheirType) {
  const TemporaryFolder folder;
  const Finished done =
      RunRetort({"models", "quantize", Tiny(folder), "--type", "q4_k", "--output", folder.path() + "/small.gguf"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("15 matrices kept the type they had, since their rows do not divide"));
}

TEST(ModelsQuantize, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string source = Tiny(folder), out = folder.path() + "/small.gguf";
  const Finished type = RunRetort({"models", "quantize", source, "--type", "q3_k", "--output", out});
  EXPECT_EQ(type.exit_code, 2);
  EXPECT_THAT(type.err, HasSubstr("q3_k not in {f32,f16,bf16,q8_0,"));
  const Finished lost =
      RunRetort({"models", "quantize", source, "--type", "q8_0", "--output", folder.path() + "/none/small.gguf"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("cannot be written: No such file or directory; choose a folder that exists"));
  // A limit on the size of files stands in for a full disk.
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a limit on the size of files ends the sanitizer itself";
#endif
  const Finished full = RunShell(
      "trap '' 25; ulimit -f 20; $RETORT models quantize tiny.gguf --type f16 --output small.gguf", folder.path());
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_THAT(full.err, HasSubstr("error: small.gguf: writing failed after "));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.path().filename(), "tiny.gguf");
  }
}

TEST(ModelsPerplexity, ComparesWithExact) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 60; ++i) text += "The sea is wide and " + std::to_string(i) + " ships sail on it.\n";
  const std::string source = Tiny(folder), path = folder.Write("sea.txt", text);
  const std::vector<std::string> command = {"models",   "perplexity", source,     "--text", path,
                                            "--window", "64",         "--tokens", "100",    "--weights",
                                            "q4_1",     "--against",  "exact"};
  const Finished done = RunRetort(command);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("128 tokens of " + path + " scored, the second halves of windows of 64"));
  EXPECT_THAT(done.out, HasSubstr("weights q4_1, exact"));
  std::vector<std::string> as_json = command;
  as_json.push_back("--json");
  const auto json = nlohmann::json::parse(RunRetort(as_json).out);
  EXPECT_EQ(json["tokens"], 128);
  EXPECT_EQ(json["precision"], "fast");
  EXPECT_EQ(json["against"]["precision"], "exact");
  EXPECT_GT(json["perplexity"], 1);
  EXPECT_NEAR(json["ratio"].get<double>(),
              json["perplexity"].get<double>() / json["against"]["perplexity"].get<double>(), 1e-9);
  EXPECT_GT(json["divergence"], 0);
  for (const char* name : {"perplexity_error", "ratio_error", "divergence_error", "agreement", "agreement_error"}) {
    EXPECT_TRUE(json[name].is_number()) << name;
  }
  const auto alone = nlohmann::json::parse(
      RunRetort({"models", "perplexity", source, "--text", path, "--window", "64", "--json"}).out);
  EXPECT_FALSE(alone.contains("against"));
  const auto other = nlohmann::json::parse(RunRetort({"models", "perplexity", source, "--text", path, "--window", "64",
                                                      "--precision", "exact", "--against", source, "--json"})
                                               .out);
  EXPECT_EQ(other["ratio"], 1);
}

TEST(ModelsPerplexity, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string source = Tiny(folder), path = folder.Write("short.txt", "Too short.\n");
  const Finished lost = RunRetort({"models", "perplexity", source, "--text", folder.path() + "/none.txt"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err,
              HasSubstr("none.txt: cannot be read: No such file or directory; expected a text file in UTF-8"));
  const Finished brief = RunRetort({"models", "perplexity", source, "--text", path, "--window", "64"});
  EXPECT_EQ(brief.exit_code, 2);
  EXPECT_THAT(brief.err, HasSubstr(path + ": expected at least one window of 64 tokens"));
  const Finished wide = RunRetort({"models", "perplexity", source, "--text", path});
  EXPECT_EQ(wide.exit_code, 2);
  EXPECT_THAT(wide.err, HasSubstr("window: expected 2 to 256 tokens, the context of " + source + ", got 512"));
}

}  // namespace
}  // namespace retort::testing
