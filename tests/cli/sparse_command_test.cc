// sparse calibrate, on a tiny model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/model/sparse_profile.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SparseCommand : public ::testing::Test {
 protected:
  std::vector<std::string> Command(std::vector<std::string> more) const {
    std::vector<std::string> command = {"sparse",   "calibrate", "--model",        tiny_, "--quick",
                                        "--tokens", "6",         "--trial-tokens", "4"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  const TemporaryFolder folder_;
  const std::string tiny_ = WriteTinyModel(folder_.path() + "/tiny.gguf");
  const std::string out_ = folder_.path() + "/sparse.json";
};

TEST_F(SparseCommand, PrintsATableAndWritesAProfile) {
  const Finished done = RunRetort(Command({"--out", out_}));
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr(" settings over "), HasSubstr("threshold kind   density  over layers"),
                              HasSubstr("lossless  "), HasSubstr("\nlossless: "), HasSubstr("\nthreshold 0.1: "),
                              HasSubstr(out_ + ": densities and thresholds of each layer")));
  const auto profile = ReadSparseProfile(out_);
  ASSERT_TRUE(profile.ok()) << profile.status().ToString();
  EXPECT_EQ(profile->made_for.model, tiny_);
  EXPECT_GE(profile->trials.size(), 40u);  // texts that end at once are left out
  const Finished again = RunRetort(Command({"--out", out_}));
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr(out_ + ": expected no file of this name, but there is one"));
  EXPECT_EQ(RunRetort(Command({"--out", out_, "--force", "--kind", "coarse"})).exit_code, 0);
  EXPECT_TRUE(ReadSparseProfile(out_)->fine.empty());
}

TEST_F(SparseCommand, GivesJsonOfAUsersPrompts) {
  const std::string prompts = folder_.Write("p.jsonl", "{\"prompt\": \"the and the\"}\n{\"prompt\": \"or is a\"}\n");
  const Finished done = RunRetort(Command({"--prompts", prompts, "--kind", "fine", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto json = nlohmann::json::parse(done.out);
  EXPECT_EQ(json["trials"].size(), 36u);
  EXPECT_EQ(json["best"].size(), 2u);
  EXPECT_EQ(json["best"][0]["rule"], "lossless");
  EXPECT_THAT(json["best"][1]["options"].get<std::string>(),
              AllOf(HasSubstr("-s sparsity=fine"), HasSubstr("-s threshold=0.1"), HasSubstr("-s kernel=")));
  for (const auto& trial : json["trials"]) EXPECT_EQ(trial["kind"], "fine");
}

TEST_F(SparseCommand, SaysWhatIsWrong) {
  const std::string bad = folder_.Write("bad.jsonl", "{\"prompt\": 1}\n");
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--prompts", bad}, bad + ":1: expected either `prompt` (text) or `messages`"},
      {{"--prompts", folder_.path() + "/none.jsonl"}, "none.jsonl: cannot be read"},
      {{"--kind", "medium"}, "medium not in {coarse,fine,both}"},
      {{"--out", folder_.path() + "/none/p.json"}, "none/p.json"}};
  for (const auto& [more, part] : cases) {
    const Finished done = RunRetort(Command(more));
    EXPECT_EQ(done.exit_code, 2) << part;
    EXPECT_THAT(done.err, HasSubstr(part));
  }
}

}  // namespace
}  // namespace retort::testing
