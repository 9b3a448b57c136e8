// read-jsonl and write-jsonl through the plugin ABI, with good and bad files.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/testing/mock_host.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

class JsonlStages : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host_.Load(RETORT_PLUGIN_FOLDER "/read_jsonl.so").ok());
    ASSERT_TRUE(host_.Load(RETORT_PLUGIN_FOLDER "/write_jsonl.so").ok());
  }

  std::string Write(const std::string& text) { return temporary_.Write("in.jsonl", text); }
  static std::string Read(const std::filesystem::path& path) { return ReadFile(path.string()); }

  /// Read the whole of `text`; what became of its lines is in the stage.
  std::unique_ptr<MockStage> ReadAll(const std::string& text, const std::string& more = "") {
    auto stage = host_.Create("read-jsonl", "{ path: '" + Write(text) + "'" + more + " }");
    EXPECT_TRUE(stage.ok()) << stage.status().ToString();
    EXPECT_TRUE((*stage)->Open().ok());
    for (int calls = 0; calls < 1000; ++calls) {
      const auto go_on = (*stage)->Produce(3);
      EXPECT_TRUE(go_on.ok());
      if (!go_on.ok() || !*go_on) break;
    }
    EXPECT_TRUE((*stage)->Close().ok());
    return *std::move(stage);
  }

  MockHost host_;
  TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(JsonlStages, ReadsLinesOfAnyEndAndSkipsEmptyOnes) {
  const auto stage = ReadAll("{\"id\": \"a\"}\r\n\n   \n{\"id\": 7}\n{\"x\": 1}");
  ASSERT_EQ(stage->emitted(0).size(), 3u);
  EXPECT_EQ(stage->emitted(0)[0]->id, "a");
  EXPECT_EQ(stage->emitted(0)[1]->id, "7");
  EXPECT_EQ(stage->emitted(0)[2]->id, "5") << "the line number";
}

TEST_F(JsonlStages, AnEmptyFileHasNoRecords) {
  EXPECT_TRUE(ReadAll("")->emitted(0).empty());
  EXPECT_TRUE(ReadAll("\n\n")->emitted(0).empty());
}

TEST_F(JsonlStages, ABadLineCostsThatLineAlone) {
  const auto stage = ReadAll(
      "{\"id\": 1}\nnot json\n[1, 2]\n{\"id\": \"\xFF\"}\n{\"id\": 5}\n" + std::string(200, '{') + "\n{\"id\": 7}\n",
      ", max_line_bytes: 100");
  ASSERT_EQ(stage->emitted(0).size(), 3u);
  EXPECT_EQ(stage->emitted(0)[2]->id, "7");
  ASSERT_EQ(stage->failed().size(), 4u);
  EXPECT_NE(stage->failed()[3].status.message().find("at most 100 bytes"), std::string::npos)
      << stage->failed()[3].status.message();
}

TEST_F(JsonlStages, ALongLineIsReadWhole) {
  const auto stage = ReadAll("{\"id\": 1, \"prompt\": \"" + std::string(1 << 20, 'x') + "\"}\n");
  ASSERT_EQ(stage->emitted(0).size(), 1u);
  EXPECT_EQ(stage->emitted(0)[0]->json["prompt"].get<std::string>().size(), size_t{1} << 20);
}

TEST_F(JsonlStages, TellsHowMuchOfTheFileIsRead) {
  const std::string text = "{\"id\": 1}\n\n{\"id\": 2}\nnot json\n{\"id\": 4}";
  auto stage = host_.Create("read-jsonl", "{ path: '" + Write(text) + "', limit: 9 }");
  ASSERT_TRUE(stage.ok() && (*stage)->Open().ok());
  ASSERT_TRUE((*stage)->Produce(2).ok());
  EXPECT_EQ((*stage)->counter("input_bytes"), static_cast<double>(text.size()));
  EXPECT_EQ((*stage)->counter("input_bytes_read"), 21) << "two records and the empty line";
  EXPECT_EQ((*stage)->counter("input_records_at_most"), 9);
  ASSERT_TRUE((*stage)->Produce(9).ok());
  EXPECT_EQ((*stage)->counter("input_bytes"), static_cast<double>(text.size())) << "counted once";
  EXPECT_EQ((*stage)->counter("input_bytes_read"), static_cast<double>(text.size()));
}

TEST_F(JsonlStages, LimitEndsEarly) { EXPECT_EQ(ReadAll("{}\n{}\n{}\n{}\n", ", limit: 2")->emitted(0).size(), 2u); }

TEST_F(JsonlStages, LinesOfAPipeArePassedOnAsTheyCome) {
  const std::string path = (folder_ / "pipe").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int pipe = open(path.c_str(), O_RDWR | O_CLOEXEC);  // for reading too, so that neither end waits for the other
  auto stage = host_.Create("read-jsonl", "{ path: '" + path + "' }");
  ASSERT_TRUE(stage.ok());
  ASSERT_TRUE((*stage)->Open().ok());
  const std::string first = "{\"id\": 1}\n{\"id\"";
  ASSERT_EQ(write(pipe, first.data(), first.size()), static_cast<ssize_t>(first.size()));
  ASSERT_TRUE((*stage)->Produce(3).ok()) << "waits for no third line";
  ASSERT_EQ((*stage)->emitted(0).size(), 1u);
  const std::string rest = ": 2}\n";
  ASSERT_EQ(write(pipe, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  ASSERT_TRUE((*stage)->Produce(3).ok());
  ASSERT_EQ((*stage)->emitted(0).size(), 2u);
  EXPECT_EQ((*stage)->emitted(0)[1]->id, "2") << "a line that came in two parts";
  close(pipe);
}

TEST_F(JsonlStages, AFolderIsRefusedAtOpen) {
  auto stage = host_.Create("read-jsonl", "{ path: '" + folder_.string() + "' }");
  ASSERT_TRUE(stage.ok());
  const Status status = (*stage)->Open();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("got a folder"), std::string::npos) << status.ToString();
}

TEST_F(JsonlStages, AMissingFileIsRefusedAtOpen) {
  auto stage = host_.Create("read-jsonl", "{ path: /no/such/file.jsonl }");
  ASSERT_TRUE(stage.ok());
  const Status status = (*stage)->Open();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("/no/such/file.jsonl"), std::string::npos);
}

TEST_F(JsonlStages, WritesWholeLinesUnderTheFinalNameAtTheEnd) {
  const std::string path = (folder_ / "out.jsonl").string();
  auto stage = host_.Create("write-jsonl", "{ path: '" + path + "' }");
  ASSERT_TRUE(stage.ok());
  ASSERT_TRUE((*stage)->Open().ok());
  ASSERT_TRUE((*stage)->Process({host_.NewRecord(R"({"id": "a", "t": "ü"})"), host_.NewRecord(R"({"id": "b"})")}).ok());
  EXPECT_FALSE(std::filesystem::exists(path)) << "not before it is whole";
  ASSERT_TRUE((*stage)->Close().ok());
  EXPECT_EQ(Read(path), "{\"id\":\"a\",\"t\":\"ü\"}\n{\"id\":\"b\"}\n");
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_EQ((*stage)->completed().size(), 2u);
}

TEST_F(JsonlStages, ARunThatWasCutShortLeavesTheFileOfAnEarlierOneAlone) {
  const std::string path = temporary_.Write("out.jsonl", "of an earlier run\n");
  auto stage = host_.Create("write-jsonl", "{ path: '" + path + "' }");
  ASSERT_TRUE(stage.ok());
  ASSERT_TRUE((*stage)->Open().ok());
  ASSERT_TRUE((*stage)->Process({host_.NewRecord(R"({"id": "a"})")}).ok());
  const Status closed = (*stage)->Close(/*cut_short=*/true);
  EXPECT_EQ(closed.code(), StatusCode::kCancelled);
  EXPECT_NE(closed.message().find(path + ".part holds what was finished (records: 1)"), std::string::npos)
      << closed.message();
  EXPECT_EQ(Read(path), "of an earlier run\n");
  EXPECT_EQ(Read(path + ".part"), "{\"id\":\"a\"}\n");
}

TEST_F(JsonlStages, ARunThatWasCutShortPublishesWhereNothingIsLost) {
  const std::string path = (folder_ / "out.jsonl").string();
  auto stage = host_.Create("write-jsonl", "{ path: '" + path + "' }");
  ASSERT_TRUE((*stage)->Open().ok());
  ASSERT_TRUE((*stage)->Process({host_.NewRecord(R"({"id": "a"})")}).ok());
  EXPECT_TRUE((*stage)->Close(/*cut_short=*/true).ok());
  EXPECT_EQ(Read(path), "{\"id\":\"a\"}\n");
}

TEST_F(JsonlStages, ARunThatWasCutShortBeforeItWroteLeavesNoTrace) {
  const std::string path = temporary_.Write("out.jsonl", "of an earlier run\n");
  auto stage = host_.Create("write-jsonl", "{ path: '" + path + "' }");
  ASSERT_TRUE((*stage)->Open().ok());
  EXPECT_TRUE((*stage)->Close(/*cut_short=*/true).ok());
  EXPECT_EQ(Read(path), "of an earlier run\n");
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
}

TEST_F(JsonlStages, AFullDiskIsToldAndNothingCountsAsWritten) {
  auto stage = host_.Create("write-jsonl", "{ path: /dev/full }");
  ASSERT_TRUE(stage.ok());
  ASSERT_TRUE((*stage)->Open().ok());
  const Status status = (*stage)->Process({host_.NewRecord(R"({"id": "a"})")});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
  EXPECT_TRUE((*stage)->completed().empty());
  EXPECT_FALSE((*stage)->Close().ok()) << "the run must not end as if all were well";
}

TEST_F(JsonlStages, AnUnwritablePathIsRefusedAtOpen) {
  auto stage = host_.Create("write-jsonl", "{ path: /no/such/folder/out.jsonl }");
  ASSERT_TRUE(stage.ok());
  const Status status = (*stage)->Open();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/no/such/folder/out.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace retort::testing
