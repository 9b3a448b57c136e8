// `isolation: process` in whole pipelines: what is lost, what is kept, and that nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

using json = nlohmann::ordered_json;
using ::testing::HasSubstr;

const std::map<std::string, std::string> kPlugins = {
    {"RETORT_PLUGIN_PATH", RETORT_BINARY_DIR "/tests/plugin/canaries/unruly"}};

/// A pipeline with the stage `work`, of which `keys` says more.
std::string Pipeline(const std::string& keys) {
  return R"(retort: 1
name: isolated
variables: { output: out.jsonl }
engine: { dead_letter: "${output}.failed.jsonl" }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  work: { uses: unruly, )" +
         keys + R"( }
  write: { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> work
  - work.out -> write
)";
}

std::string Line(int id, const std::string& wish = "") {
  return "{\"id\":" + std::to_string(id) + (wish.empty() ? "" : ",\"do\":\"" + wish + "\"") + "}\n";
}

TEST(Isolation, ExactlyTheRecordsOfBadCallsFail) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", Pipeline("isolation: process, timeout: 0.3, max_batch: 1, order: input"));
  const std::vector<std::string> wishes = {"", "crash", "",        "abort", "", "exit 0", "", "exit 3", "", "hang",
                                           "", "kill",  "garbage", "",      "", "throw",  "", "forget", "", "twice"};
  std::string input;
  for (size_t i = 0; i < wishes.size(); ++i) input += Line(static_cast<int>(i), wishes[i]);
  folder.Write("in.jsonl", input);
  const Finished finished = RunRetort({"run", "p.yaml", "--json"}, "", folder.path(), kPlugins);
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  const auto summary = json::parse(finished.out);
  EXPECT_EQ(summary["status"], "ok");
  EXPECT_EQ(summary["records"]["admitted"], 20);
  EXPECT_EQ(summary["records"]["completed"], 11);
  EXPECT_EQ(summary["records"]["failed"], 9);
  EXPECT_EQ(summary["stages"]["work"]["calls"], 20);
  EXPECT_EQ(summary["stages"]["work"]["records_out"], 11);
  int last = -1;
  std::istringstream out(folder.Read("out.jsonl"));
  for (std::string line; std::getline(out, line);) {
    const auto record = json::parse(line);
    EXPECT_GT(record["id"].get<int>(), last) << "in the input's order";
    last = record["id"];
    EXPECT_TRUE(wishes[last].empty() || wishes[last] == "twice") << line;
  }
  std::istringstream letters(folder.Read("out.jsonl.failed.jsonl"));
  for (std::string line; std::getline(letters, line);) {
    const auto letter = json::parse(line);
    EXPECT_EQ(letter["stage"], "work");
    EXPECT_EQ(letter["record"].dump() + "\n", Line(letter["record"]["id"], wishes[letter["record"]["id"]]));
    EXPECT_THAT(letter["message"].get<std::string>(), HasSubstr("stage 'work': "));
  }
}

TEST(Isolation, WithoutFaultsTheOutputIsTheSame) {
  const TemporaryFolder folder;
  folder.Write("in.process.yaml", Pipeline("isolation: process, order: input"));
  folder.Write("here.yaml", Pipeline("order: input"));
  std::string input;
  for (int i = 0; i < 2000; ++i)
    input += R"({"id":)" + std::to_string(i) + R"(,"text":"é \"\u0000\uD83D\uDE00","x":[)" + std::to_string(i * 0.1) +
             ",-0.0,1e-300,18446744073709551615,null,{\"k\":true}]" + (i % 7 == 0 ? R"(,"do":"fail")" : "") +
             (i % 11 == 0 ? R"(,"do":"options")" : "") + "}\n";
  folder.Write("in.jsonl", input);
  const Finished isolated =
      RunRetort({"run", "in.process.yaml", "-s", "output=a.jsonl", "--quiet"}, "", folder.path(), kPlugins);
  const Finished here = RunRetort({"run", "here.yaml", "-s", "output=b.jsonl", "--quiet"}, "", folder.path(), kPlugins);
  EXPECT_EQ(isolated.exit_code, 1) << isolated.err;
  EXPECT_EQ(here.exit_code, 1) << here.err;
  EXPECT_GT(folder.Read("a.jsonl").size(), 100000u);
  EXPECT_EQ(folder.Read("a.jsonl"), folder.Read("b.jsonl"));
  EXPECT_EQ(folder.Read("a.jsonl.failed.jsonl"), folder.Read("b.jsonl.failed.jsonl"));
}

TEST(Isolation, ReadingAndWritingApartIsTheSame) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", R"(retort: 1
stages:
  read: { uses: read-jsonl, with: { path: "-" }, isolation: process }
  write: { uses: write-jsonl, with: { path: out.jsonl }, isolation: process }
edges: [ read -> write ]
)");
  std::string input;
  for (int i = 0; i < 500; ++i) input += Line(i);
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet"}, input + "no record\n", folder.path());
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  EXPECT_EQ(folder.Read("out.jsonl"), input);
}

TEST(Isolation, WhatThePluginWritesIsPassedOnUnderTheStagesName) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", Pipeline("isolation: process, max_batch: 1"));
  folder.Write("in.jsonl", Line(0, "say") + Line(1, "crash"));
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path(), kPlugins);
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.err, "stage 'work': first line\nstage 'work': second line without an end\n");
  EXPECT_THAT(folder.Read("out.jsonl.failed.jsonl"), HasSubstr("; it wrote: first line second line without an end; "));
}

TEST(Isolation, AStageThatDiesAtItsStartRefusesTheRun) {
  const TemporaryFolder folder;
  folder.Write("in.jsonl", Line(0));
  folder.Write("p.yaml", Pipeline("isolation: process, with: { die_in: create }"));
  const Finished created = RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path(), kPlugins);
  EXPECT_THAT(created.err, HasSubstr("p.yaml:7:3: error: stage `work` (unruly): its process was ended by signal 11"));
  folder.Write("p.yaml", Pipeline("isolation: process, with: { die_in: open, how: exit 3 }"));
  const Finished opened = RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path(), kPlugins);
  EXPECT_EQ(opened.exit_code, 3) << opened.err;
  EXPECT_THAT(opened.err, HasSubstr("stage `work` (unruly): its process ended with exit code"));
  // As in the program's own process, where it says so instead.
  folder.Write("p.yaml", Pipeline("with: { die_in: create, how: throw }"));
  EXPECT_EQ(created.exit_code, RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path(), kPlugins).exit_code);
}

TEST(Isolation, AStageThatAlwaysDiesIsNotStartedForEveryRecord) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", Pipeline("isolation: process, max_batch: 1"));
  std::string input;
  for (int i = 0; i < 3000; ++i) input += Line(i, "crash");
  folder.Write("in.jsonl", input);
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet", "--json"}, "", folder.path(), kPlugins);
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(json::parse(finished.out)["records"]["failed"], 3000);
  EXPECT_THAT(folder.Read("out.jsonl.failed.jsonl"), HasSubstr("ended 3 times in a row without a call that ended"));
}

TEST(Isolation, ASinkThatDiesEndsTheRun) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", R"(retort: 1
engine: { dead_letter: failed.jsonl }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  write: { uses: unruly-sink, isolation: process }
edges: [ read -> write ]
)");
  folder.Write("in.jsonl", Line(0) + Line(1, "crash") + Line(2));
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path(), kPlugins);
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("a stage without outputs gets no second process"));
  EXPECT_THAT(folder.Read("failed.jsonl"), HasSubstr("\"record\":{\"id\":1,\"do\":\"crash\"}"));
}

/// Starts a run that waits in the stage of `wish`, sends `signals`, and says at last how many of its processes are
/// left.
Finished RunAndSignal(const TemporaryFolder& folder, const std::string& wish, const std::string& signals) {
  folder.Write("p.yaml", Pipeline("isolation: process, max_batch: 1"));
  folder.Write("in.jsonl", Line(0, "say") + Line(1, wish) + Line(2));
  return RunShell(
      "export RETORT_PLUGIN_PATH='" + kPlugins.at("RETORT_PLUGIN_PATH") +
          "'; \"$RETORT\" run p.yaml --quiet 2>err & pid=$!; "
          "for i in $(seq 600); do [ -s err ] && break; sleep 0.02; done; sleep 0.1; "
          "child=$(cat /proc/$pid/task/*/children); " +
          signals +
          "; wait $pid; echo exit $?; for i in $(seq 100); do [ -e /proc/${child% } ] || break; sleep 0.05; "
          "done; [ -n \"$child\" ] && [ ! -e /proc/${child% } ] && echo gone",
      folder.path());
}

TEST(Isolation, AnInterruptOfTheTerminalReachesTheProgramAlone) {
  const TemporaryFolder folder;
  // The second one stops the call, which waits for that.
  const Finished finished = RunAndSignal(folder, "wait", "kill -INT $pid; sleep 0.1; kill -INT $pid");
  EXPECT_EQ(finished.out, "exit 130\ngone\n") << finished.err << folder.Read("err");
}

TEST(Isolation, TheProcessEndsWithTheProgram) {
  const TemporaryFolder folder;
  const Finished finished = RunAndSignal(folder, "hang", "kill -KILL $pid");
  EXPECT_EQ(finished.out, "exit 137\ngone\n") << finished.err;
}

}  // namespace
}  // namespace retort::testing
