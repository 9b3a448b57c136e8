// Bad records, model files and settings, given to the shipped pipelines: a bad record costs that record alone, and each
// message names the place.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

class BadInput : public ::testing::TestWithParam<const char*> {
 protected:
  PipelineRun Run(const Variables& variables = {{"max_tokens", "4"}}) { return folder_.Run(GetParam(), variables); }
  PipelineFolder folder_;
};

constexpr const char* kGood = "{\"id\": \"first\", \"prompt\": \"the thing\"}\n";
constexpr const char* kLast = "{\"id\": \"last\", \"prompt\": \"and the\"}\n";

struct BadRecord {
  const char* name;
  std::string line;
  const char* message;  // a part of it
};

std::vector<BadRecord> BadRecords() {
  return {
      {"not JSON", "prompt: hello", "line 2"},
      {"cut off", R"({"id": "b", "prompt": "he)", "line 2"},
      {"not an object", "[1, 2]", "object"},
      {"no prompt", R"({"id": "b", "text": "hello"})", "prompt"},
      {"prompt of another type", R"({"id": "b", "prompt": 7})", "prompt"},
      {"messages without role", R"({"id": "b", "messages": [{"content": "hello"}]})", "role"},
      {"messages empty", R"({"id": "b", "messages": []})", "messages"},
      {"invalid UTF-8", "{\"id\": \"b\", \"prompt\": \"h\xC3(\xFF\"}", "UTF-8"},
      {"a lone surrogate", R"({"id": "b", "prompt": "\ud800"})", "line 2"},
      {"longer than the context", R"({"id": "b", "prompt": ")" + std::string(3000, 'x') + "\"}", "context"},
      {"a line of 1 MB", R"({"id": "b", "prompt": ")" + std::string(1 << 20, 'x') + "\"}", "context"},
      {"deeper than sense", R"({"id": "b", "prompt": )" + std::string(100000, '[') + std::string(100000, ']') + "}",
       "line 2"},
      {"an empty prompt", R"({"id": "b", "prompt": ""})", "prompt"},
  };
}

TEST_P(BadInput, ABadRecordCostsThatRecordAlone) {
  folder_.Input(std::string(kGood) + kLast);
  const auto expected = Run().written;
  ASSERT_EQ(expected.size(), 2u);
  for (const BadRecord& bad : BadRecords()) {
    SCOPED_TRACE(bad.name);
    folder_.Input(kGood + bad.line + "\n" + kLast);
    const PipelineRun run = Run();
    EXPECT_EQ(run.finished.exit_code, 1) << run.finished.err;
    EXPECT_EQ(run.written, expected);
    ASSERT_EQ(run.letters.size(), 1u);
    const std::string letter = run.letters[0].dump();
    EXPECT_NE(letter.find(bad.message), std::string::npos) << letter.substr(0, 2000);
    EXPECT_EQ(run.summary["records"]["failed"], 1);
  }
}

TEST_P(BadInput, AnEmptyFileIsDone) {
  folder_.Input("");
  const PipelineRun run = Run();
  EXPECT_EQ(run.finished.exit_code, 0) << run.finished.err;
  EXPECT_TRUE(run.written.empty());
}

TEST_P(BadInput, ZeroTokensAskedIsAnEmptyCompletion) {
  folder_.Input(kGood);
  const PipelineRun run = Run({{"max_tokens", "0"}});
  EXPECT_EQ(run.finished.exit_code, 0) << run.finished.err;
  ASSERT_EQ(run.written.size(), 1u);
  EXPECT_EQ(run.written.at("first").at("completion"), "");
  EXPECT_EQ(run.written.at("first").at("finish_reason"), "length");
  EXPECT_EQ(run.written.at("first").at("usage").at("completion_tokens"), 0);
}

TEST_P(BadInput, AModelThatIsNotThereIsNamed) {
  folder_.Input(kGood);
  const PipelineRun run = Run({{"model", "no-such-model"}});
  EXPECT_EQ(run.finished.exit_code, 2);
  EXPECT_NE(run.finished.err.find("no-such-model"), std::string::npos) << run.finished.err;
  EXPECT_NE(run.finished.err.find("tools/get-model"), std::string::npos) << run.finished.err;
}

TEST_P(BadInput, ATruncatedModelIsRefused) {
  folder_.Input(kGood);
  const std::string whole = folder_.folder().Read("tiny.gguf");
  ASSERT_GT(whole.size(), 10000u);
  for (size_t i = 0; i <= 20; ++i) {  // tests/model/gguf_test.cc cuts at every byte
    const size_t size = (whole.size() - 1) * i / 20;
    folder_.folder().Write("cut.gguf", whole.substr(0, size));
    const PipelineRun run = Run({{"model", "cut.gguf"}});
    EXPECT_EQ(run.finished.exit_code, 2) << size << " bytes: " << run.finished.err;
    EXPECT_NE(run.finished.err.find("cut.gguf"), std::string::npos) << run.finished.err;
  }
}

TEST_P(BadInput, WildSizesInAModelAreRefused) {
  folder_.Input(kGood);
  const std::string whole = folder_.folder().Read("tiny.gguf");
  for (const size_t at : {8u, 16u}) {  // the counts of tensors and of metadata
    for (const uint64_t wild : {~uint64_t{0}, uint64_t{1} << 62, uint64_t{1} << 40, uint64_t{1} << 32}) {
      std::string file = whole;
      for (size_t i = 0; i < 8; ++i) file[at + i] = static_cast<char>(wild >> (8 * i));
      folder_.folder().Write("wild.gguf", file);
      const PipelineRun run = Run({{"model", "wild.gguf"}});
      EXPECT_EQ(run.finished.exit_code, 2) << run.finished.err;
      EXPECT_NE(run.finished.err.find("wild.gguf"), std::string::npos) << run.finished.err;
    }
  }
}

TEST_P(BadInput, SettingsOutOfRangeAreFaultsOfTheFile) {
  folder_.Input(kGood);
  for (const Variables& wrong :
       {Variables{{"max_tokens", "-1"}}, Variables{{"max_tokens", "many"}}, Variables{{"temperature", "-0.5"}},
        Variables{{"temperature", "nan"}}, Variables{{"precision", "double"}}, Variables{{"seed", "x"}},
        Variables{{"sead", "1"}}}) {
    const PipelineRun run = Run(wrong);
    EXPECT_EQ(run.finished.exit_code, 2) << wrong.begin()->first << ": " << run.finished.err;
    EXPECT_NE(run.finished.err.find(wrong.begin()->first), std::string::npos) << run.finished.err;
  }
}

TEST_P(BadInput, AFullDiskLosesNothingQuietly) {
  folder_.Input(std::string(kGood) + kLast);
  const PipelineRun run = Run({{"output", "/dev/full"}, {"max_tokens", "4"}});
  EXPECT_EQ(run.finished.exit_code, 3) << run.finished.err;
  EXPECT_NE(run.finished.err.find("/dev/full"), std::string::npos) << run.finished.err;
  EXPECT_NE(run.finished.err.find("No space left"), std::string::npos) << run.finished.err;
  const auto letters = JsonLines(folder_.folder().Read("failed.jsonl"));
  ASSERT_FALSE(letters.empty());
  EXPECT_TRUE(letters[0]["record"].contains("completion")) << "what was computed is not lost";
}

TEST_P(BadInput, FailedRecordsOfAStreamLieInTheWorkingFolder) {
  folder_.Input("not json\n");
  const PipelineRun run = Run({{"output", "-"}});
  EXPECT_EQ(run.finished.exit_code, 1) << run.finished.err;
  EXPECT_EQ(folder_.folder().Read("-.failed.jsonl"), "");
  EXPECT_NE(folder_.folder().Read("failed.jsonl").find("\"line_text\":\"not json\""), std::string::npos);
}

TEST_P(BadInput, AnOutputThatCannotBeWrittenIsNamedBeforeAnyWork) {
  folder_.Input(kGood);
  const PipelineRun run = folder_.Run(GetParam(), {{"output", "no/such/folder/out.jsonl"}});
  EXPECT_EQ(run.finished.exit_code, 3) << run.finished.err;
  EXPECT_NE(run.finished.err.find("no/such/folder/out.jsonl"), std::string::npos) << run.finished.err;
}

INSTANTIATE_TEST_SUITE_P(Pipelines, BadInput, ::testing::Values("generate", "speculative"),
                         [](const auto& pipeline) { return std::string(pipeline.param); });

}  // namespace
}  // namespace retort::testing
