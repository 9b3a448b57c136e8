// retort run --record-stage, and retort stage run over what it wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StageCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_.path() + "/plugins");
    std::filesystem::copy_file(SourceFolder() + "/tests/plugin/data/abi_v1/old_stage.so",
                               folder_.path() + "/plugins/old_stage.so");
    folder_.Write("in.jsonl", R"({"id": "a", "text": "one two three"}
{"id": "b", "text": "one"}
{"id": "c"}
)");
    folder_.Write("p.yaml", R"(retort: 1
name: recorded
engine: { dead_letter: failed.jsonl }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  once: { uses: old-stage, with: { max_words: 2, when_missing: skip } }
  twice: { uses: old-stage, with: { max_words: 1 } }
  write: { uses: write-jsonl, with: { path: out.jsonl }, order: input }
edges: [ read -> once, once -> twice, twice -> write ]
)");
  }
  Finished Retort(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return RunRetort(arguments, input, folder_.path(),
                     {{"RETORT_PLUGIN_PATH", "plugins"}, {"XDG_CACHE_HOME", folder_.path() + "/cache"}});
  }
  TemporaryFolder folder_;
};

TEST_F(StageCommandTest, WhatAStageReceivedRunsThroughItAlone) {
  const Finished recorded = Retort({"run", "p.yaml", "--quiet", "--deterministic", "--record-stage",
                                    "twice=twice.jsonl", "--record-stage", "write=write.jsonl"});
  ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
  EXPECT_EQ(folder_.Read("twice.jsonl"), "{\"id\":\"a\",\"text\":\"one two\"}\n{\"id\":\"b\",\"text\":\"one\"}\n");
  EXPECT_EQ(folder_.Read("write.jsonl"), folder_.Read("out.jsonl"));
  const Finished alone = Retort({"stage", "run", "old-stage", "--with", "{ max_words: 1 }", "--input", "twice.jsonl"});
  EXPECT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_EQ(alone.out, R"({"outcome":"emitted","port":"out","record":{"id":"a","text":"one"}}
{"outcome":"emitted","port":"out","record":{"id":"b","text":"one"}}
)");
  EXPECT_THAT(alone.err, HasSubstr("texts_cut 1"));
}

TEST_F(StageCommandTest, SaysWhatBecameOfEachRecord) {
  const std::string lines = "{\"id\": \"a\"}\n\n{\"id\": \"b\", \"text\": \"one\"}\n";
  const Finished failed = Retort({"stage", "run", "old-stage"}, lines);
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.out, AllOf(HasSubstr(R"("outcome":"failed","reason":"not_found: record a has no field `text`)"),
                                HasSubstr(R"({"outcome":"emitted","port":"out","record":{"id":"b","text":"one"}})")));
  const Finished skipped = Retort({"stage", "run", "old-stage", "--with", "{ when_missing: skip }"}, lines);
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_THAT(skipped.out, HasSubstr(R"("outcome":"skipped")"));
  const Finished source = Retort({"stage", "run", "read-jsonl", "--with", "{ path: in.jsonl }"});
  EXPECT_EQ(source.exit_code, 0) << source.err;
  EXPECT_THAT(source.out, HasSubstr(R"({"outcome":"emitted","port":"out","record":{"id":"c"}})"));
}

TEST_F(StageCommandTest, RefusesWhatItCannotRun) {
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& input = "") {
    const Finished finished = Retort(arguments, input);
    EXPECT_EQ(finished.exit_code, 2) << finished.out;
    return finished.err;
  };
  EXPECT_THAT(refused({"stage", "run", "old-stag"}), HasSubstr("did you mean `old-stage`"));
  EXPECT_THAT(refused({"stage", "run", "old-stage", "--with", "{ max_word: 1 }"}),
              HasSubstr("did you mean `max_words`"));
  EXPECT_THAT(refused({"stage", "run", "old-stage", "--with", "{ max_words: 0 }"}),
              HasSubstr("from 1 to 1000000 words"));
  EXPECT_THAT(refused({"stage", "run", "old-stage", "--input", "none.jsonl"}), HasSubstr("none.jsonl: cannot be read"));
  EXPECT_THAT(refused({"stage", "run", "old-stage"}, "{\"id\": \"a\", \"text\": \"x\"}\nno json\n"),
              HasSubstr("line 2"));
  EXPECT_THAT(refused({"stage", "run", "verify", "--with", "{ model: m }"}), HasSubstr("more than the record's JSON"));
}

TEST_F(StageCommandTest, RefusesWhatItCannotRecord) {
  const auto refused = [&](const std::string& wish, const std::string& pipeline = "p.yaml") {
    const Finished finished = Retort({"run", pipeline, "--quiet", "--record-stage", wish});
    EXPECT_EQ(finished.exit_code, 2) << finished.out;
    return finished.err;
  };
  EXPECT_THAT(refused("twice"), HasSubstr("expected STAGE=FILE"));
  EXPECT_THAT(refused("thrice=f"), HasSubstr("the pipeline has `read`, `once`, `twice` or `write`"));
  EXPECT_THAT(refused("read=f"), HasSubstr("is a source"));
  EXPECT_THAT(refused("twice=no/such/f"), HasSubstr("cannot be written"));
  WriteTinyModel(folder_.path() + "/tiny.gguf");
  folder_.Write("g.yaml", R"(retort: 1
name: generated
models: { m: { source: tiny.gguf } }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  prompt: { uses: prompt, with: { model: m } }
  generate: { uses: generate, with: { model: m, max_tokens: 1 } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges: [ read -> prompt, prompt -> generate, { from: generate.continue, to: generate, back: true }, generate.done -> write ]
)");
  EXPECT_THAT(refused("generate=f", "g.yaml"), HasSubstr("receives `sequence`"));
}

}  // namespace
}  // namespace retort::testing
