// Secrets of a pipeline do not leave the program, whoever quotes them.
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

constexpr const char* kPipeline = R"(retort: 1
name: secret
variables: { input: in.jsonl, key: "${SECRET:RETORT_TEST_KEY}" }
engine: { dead_letter: letters.jsonl }
models: { m: { source: "${key}.gguf" } }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: m } }
  generate: { uses: generate, with: { model: m } }
  write: { uses: write-jsonl, with: { path: "no such folder/${key}" } }
edges:
  - read -> prompt
  - prompt -> generate
  - generate.done -> write
  - { from: generate.continue, to: generate, back: true }
)";

TEST(Secrets, DoNotShowInMessages) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kPipeline);
  folder.Write("in.jsonl", "{\"id\": \"a\", \"prompt\": \"x\"}\n");
  const std::string secret = "hunter2 \"of\" Ä";
  for (const char* command : {"run", "plan", "lint"}) {
    const Finished finished = RunRetort({command, "p.yaml"}, "", folder.path(), {{"RETORT_TEST_KEY", secret}});
    EXPECT_EQ((finished.out + finished.err).find("hunter2"), std::string::npos) << finished.out << finished.err;
    if (std::string(command) != "lint") {
      EXPECT_NE(finished.err.find("(secret)"), std::string::npos) << finished.err;
    }
  }
}

TEST(Secrets, MissingOnesAreSaidWithTheirPlace) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kPipeline);
  const Finished finished = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("p.yaml:3:37: error: there is no secret `RETORT_TEST_KEY`"), std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("RETORT_TEST_KEY_FILE"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace retort::testing
