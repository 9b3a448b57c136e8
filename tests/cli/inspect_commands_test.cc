// plan, list, describe, compare, models.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

constexpr const char* kBuiltIn[] = {"read-jsonl", "write-jsonl", "prompt", "generate", "draft", "verify"};

TEST(List, ShowsEveryBuiltInStage) {
  const Finished text = RunRetort({"list"});
  EXPECT_EQ(text.exit_code, 0);
  const auto json = nlohmann::json::parse(RunRetort({"list", "--json"}).out);
  for (const std::string stage : kBuiltIn) {
    EXPECT_NE(text.out.find("  " + stage), std::string::npos) << text.out;
    EXPECT_TRUE(std::any_of(json["stages"].begin(), json["stages"].end(), [&](const auto& s) {
      return s["name"] == stage;
    })) << stage;
  }
  EXPECT_NE(text.out.find("smollm2-135m-instruct"), std::string::npos);
  EXPECT_TRUE(json["refused"].empty()) << json["refused"].dump();
}

TEST(List, ShowsRefusedPluginsWithTheReason) {
  const TemporaryFolder folder;
  folder.Write("broken.so", "this is no library");
  const Finished finished = RunRetort({"list"}, "", "", {{"RETORT_PLUGIN_PATH", folder.path()}});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_NE(finished.out.find("REFUSED PLUGINS\n  " + folder.path() + "/broken.so\n      "), std::string::npos)
      << finished.out;
}

TEST(Describe, ShowsEveryBuiltInStageInEveryFormat) {
  for (const std::string stage : kBuiltIn) {
    const Finished text = RunRetort({"describe", stage});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_EQ(text.out.find(stage + ": "), 0u) << text.out;
    for (const char* part : {"\nINPUT\n", "\nOUTPUTS\n", "\nOPTIONS\n", "\nEXAMPLE\n"})
      EXPECT_NE(text.out.find(part), std::string::npos) << text.out;
    EXPECT_EQ(RunRetort({"describe", stage, "--format", "markdown"}).out.find("# " + stage + "\n"), 0u);
    const auto json = nlohmann::json::parse(RunRetort({"describe", stage, "--format", "json"}).out);
    EXPECT_EQ(json["name"], stage);
    EXPECT_FALSE(json["summary"].get<std::string>().empty());
    for (const auto& option : json["options"])
      EXPECT_FALSE(option["text"].get<std::string>().empty()) << stage << "." << option["name"];
  }
}

TEST(Describe, UnknownStageNamesTheNearest) {
  const Finished finished = RunRetort({"describe", "verfiy"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("did you mean `verify`?"), std::string::npos) << finished.err;
}

TEST(Plan, RunsNothing) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", R"(retort: 1
name: copy
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> write
)");
  folder.Write("in.jsonl", "{}\n");
  const Finished text = RunRetort({"plan", "p.yaml"}, "", folder.path());
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("read  uses read-jsonl"), std::string::npos) << text.out;
  EXPECT_EQ(folder.Read("out.jsonl"), "");
  const auto json = nlohmann::json::parse(RunRetort({"plan", "p.yaml", "--json"}, "", folder.path()).out);
  EXPECT_EQ(json["stages"].size(), 2u);
}

TEST(Compare, CountsIdenticalAndDifferentCompletions) {
  const TemporaryFolder folder;
  folder.Write("a.jsonl", "{\"id\":\"1\",\"completion\":\"x\"}\n{\"id\":\"2\",\"completion\":\"same\"}\n");
  folder.Write("b.jsonl", "{\"id\":\"2\",\"completion\":\"same\"}\n{\"id\":\"1\",\"completion\":\"y\"}\n");
  const Finished differ = RunRetort({"compare", "a.jsonl", "b.jsonl", "--json"}, "", folder.path());
  EXPECT_EQ(differ.exit_code, 1);
  const auto json = nlohmann::json::parse(differ.out);
  EXPECT_EQ(json["records"], 2);
  EXPECT_EQ(json["identical"], 1);
  EXPECT_EQ(json["differences"][0]["id"], "1");
  EXPECT_EQ(RunRetort({"compare", "a.jsonl", "a.jsonl"}, "", folder.path()).exit_code, 0);
  EXPECT_EQ(RunRetort({"compare", "a.jsonl", "none.jsonl"}, "", folder.path()).exit_code, 2);
}

TEST(Models, RefuseWhatIsNoModel) {
  const TemporaryFolder folder;
  folder.Write("x.gguf", "GGUF but not really");
  for (const char* command : {"inspect", "tokenize"}) {
    const Finished missing = RunRetort({"models", command, "no/such.gguf"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_NE(missing.err.find("no/such.gguf"), std::string::npos) << missing.err;
    const Finished damaged = RunRetort({"models", command, "x.gguf"}, "", folder.path());
    EXPECT_EQ(damaged.exit_code, 2);
    EXPECT_NE(damaged.err.find("x.gguf"), std::string::npos) << damaged.err;
  }
}

TEST(Models, InspectAndTokenizeAFolderOfSafetensors) {
  const std::string model = "tests/golden/architectures/qwen3";
  const Finished inspected = RunRetort({"models", "inspect", model}, "", SourceFolder());
  EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("safetensors in 4 files"), std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find("model.layers.1.self_attn.k_norm.weight"), std::string::npos);
  const Finished tokenized = RunRetort({"models", "tokenize", model}, "\"<|end|>\"\n", SourceFolder());
  EXPECT_EQ(tokenized.exit_code, 0) << tokenized.err;
  EXPECT_EQ(tokenized.out, "[87]\n");
  const Finished none = RunRetort({"models", "inspect", "tests/golden"}, "", SourceFolder());
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("expected config.json in it"), std::string::npos) << none.err;
}

TEST(Bench, NamesTheModelThatWasAskedFor) {
  const Finished finished = RunRetort({"bench", "decode", "--model", "no/such.gguf"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err.find("error: model 'no/such.gguf': no such file"), 0u) << finished.err;
}

TEST(Models, InspectAndTokenizeTheRealModel) {
  const Finished path = RunShell("tools/get-model smollm2-135m-instruct", SourceFolder());
  ASSERT_EQ(path.exit_code, 0) << path.err;
  const std::string model = path.out.substr(0, path.out.find('\n'));
  const Finished inspected = RunRetort({"models", "inspect", model});
  EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("llama.block_count"), std::string::npos);
  const Finished tokenized = RunRetort({"models", "tokenize", model}, "\"Hello world\"\n\"\"\n\"a\\nb\"\n");
  EXPECT_EQ(tokenized.exit_code, 0) << tokenized.err;
  EXPECT_EQ(std::count(tokenized.out.begin(), tokenized.out.end(), '\n'), 3);
  EXPECT_EQ(tokenized.out.substr(0, tokenized.out.find('\n')), "[19556,905]");
  const Finished wrong = RunRetort({"models", "tokenize", model}, "\"Hello world\"\nnot json\n\"Hello world\"\n7\n");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_EQ(wrong.out, "[19556,905]\nnull\n[19556,905]\nnull\n");
  EXPECT_NE(wrong.err.find("error: line 2: expected a JSON string"), std::string::npos) << wrong.err;
  EXPECT_NE(wrong.err.find("error: line 4: expected a JSON string"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace retort::testing
