// The shipped tasks with the real model's tokenizer.
#include <gtest/gtest.h>

#include "core/model/gguf.h"
#include "core/model/model.h"
#include "core/model/tokenizer.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

TEST(RealTasks, AnswersFitTheirLimitAndHalfAreOfSomeLength_slow) {
  const auto path = ResolveModelSource("smollm2-135m-instruct");
  ASSERT_TRUE(path.ok()) << path.status().ToString();
  const auto file = GgufFile::Open(*path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto tokenizer = Tokenizer::Create(**file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  const auto tasks = ReadTasks(RETORT_SOURCE_DIR "/pipelines/data/tasks.jsonl");
  ASSERT_TRUE(tasks.ok()) << tasks.status().ToString();
  size_t checked = 0;  // answers of 10 to 60 tokens
  for (const Task& task : *tasks) {
    size_t tokens = 0;
    for (const std::string& answer : task.answers) {
      const auto encoded = (*tokenizer)->Encode(" " + answer, {});
      ASSERT_TRUE(encoded.ok()) << encoded.status().ToString();
      tokens += encoded->size();
    }
    EXPECT_LT(tokens, static_cast<size_t>(task.max_tokens)) << task.id;
    checked += tokens >= 10 && tokens <= 60 ? 1 : 0;
  }
  EXPECT_GE(2 * checked, tasks->size());
}

}  // namespace
}  // namespace retort::cli
