// store build, on a tiny model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

class StoreBuild : public ::testing::Test {
 protected:
  StoreBuild() { WriteTinyModel(folder_.path() + "/tiny.gguf"); }
  Finished Build(const std::string& corpus, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"store",   "build",     "--corpus", corpus,
                                          "--model", "tiny.gguf", "--out",    "my.store"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunRetort(arguments, "", folder_.path());
  }
  size_t Files() const {
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) files += entry.is_regular_file();
    return files;
  }
  TemporaryFolder folder_;
};

TEST_F(StoreBuild, TakesTextAndJsonl) {
  folder_.Write("a.txt", "the thing and the thing");
  const Finished text = Build("a.txt");
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("my.store: "));
  EXPECT_THAT(text.out, HasSubstr("documents: 1"));
  const std::string whole = folder_.Read("my.store");
  folder_.Write("a.jsonl", "{\"text\": \"the thing and the thing\"}\n\n");
  EXPECT_EQ(Build("a.jsonl", {"--force"}).exit_code, 0);
  EXPECT_EQ(folder_.Read("my.store"), whole) << "one document, the same text";
  folder_.Write("b.json", "{\"x\": \"on\", \"text\": 7}\n{\"x\": \"\"}\n{\"x\": \"and on\"}");
  const Finished field = Build("b.json", {"--field", "x", "--force"});
  EXPECT_EQ(field.exit_code, 0) << field.err;
  EXPECT_THAT(field.out, HasSubstr("documents: 2"));
}

TEST_F(StoreBuild, TakesOneToken) {
  folder_.Write("a.txt", "a");
  const Finished one = Build("a.txt");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr(": 1 tokens"));
}

TEST_F(StoreBuild, SaysWhatIsWrongAndLeavesNothing) {
  const size_t files = Files();
  EXPECT_THAT(Build("none.txt").err, HasSubstr("none.txt: cannot be read: No such file"));
  const auto error = [&](const std::string& name, const std::string& text) {
    folder_.Write(name, text);
    const Finished done = Build(name);
    EXPECT_EQ(done.exit_code, 2) << done.out;
    std::filesystem::remove(folder_.path() + "/" + name);
    return done.err;
  };
  EXPECT_THAT(error("a.txt", ""), HasSubstr("a.txt: expected text, got none"));
  EXPECT_THAT(error("a.jsonl", "{\"text\": \"\"}\n"), HasSubstr("a.jsonl: expected text, got none"));
  EXPECT_THAT(error("a.txt", "ab\xff"), HasSubstr("a.txt"));
  EXPECT_THAT(error("a.jsonl", "{\"text\": \"a\"}\n[1]\n"), HasSubstr("a.jsonl:2: expected a JSON object"));
  EXPECT_THAT(error("a.jsonl", "{\"text\": \"a\"}\n{\"tex\n"), HasSubstr("a.jsonl:2: expected a JSON object"));
  EXPECT_THAT(error("a.jsonl", std::string(100000, '[')), HasSubstr("a.jsonl:1: expected a JSON object"));
  EXPECT_THAT(error("a.jsonl", "{\"prompt\": \"a\"}\n"),
              HasSubstr("expected a string in the field `text`, got no such"));
  EXPECT_THAT(error("a.jsonl", "{\"text\": 7}\n"), HasSubstr("got JSON of type number; name the field"));
  EXPECT_EQ(Files(), files) << "nothing is left of a store that failed";
  folder_.Write("my.store", "mine");
  folder_.Write("a.txt", "text");
  EXPECT_THAT(Build("a.txt").err, HasSubstr("my.store: expected no file of this name"));
  EXPECT_EQ(folder_.Read("my.store"), "mine");
}

}  // namespace
}  // namespace retort::testing
