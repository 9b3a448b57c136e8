// What a user sees of `retort run` while it is on: progress in a terminal, a trace, metrics, `retort top`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/cli/copy_pipeline.h"
#include "tests/cli/live/exposition_check.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Records that say so are held back.
constexpr const char* kSlow = R"(retort: 1
name: slow
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  slow: { uses: slow, with: { marker: passed } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> slow
  - slow.out -> write
  - { from: slow.again, to: slow, back: true }
)";

class RunLive : public ::testing::Test {
 protected:
  RunLive() {
    folder_.Write("copy.yaml", kCopy);
    folder_.Write("slow.yaml", kSlow);
  }
  void WriteInput(double seconds) {
    folder_.Write("in.jsonl",
                  "{\"id\":\"a\",\"seconds\":" + std::to_string(seconds) + "}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
  }
  Finished Shell(const std::string& command) {
    return RunShell(
        "export XDG_RUNTIME_DIR=\"$PWD\" RETORT_PLUGIN_PATH='" RETORT_BINARY_DIR "/tests/cli/plugins'; " + command,
        folder_.path());
  }
  /// Runs slow.yaml, which holds back its first record, with a free port; `command` may ask for $port.
  Finished WhileItRuns(const std::string& command) {
    WriteInput(60);
    return Shell(
        "\"$RETORT\" run slow.yaml --metrics-port 0 2>messages & pid=$!; "
        "for i in $(seq 600); do [ -e passed ] && break; sleep 0.05; done; "
        "port=$(sed -n 's,.*http://127.0.0.1:\\([0-9]*\\)/metrics.*,\\1,p' messages); " +
        command + "; kill -INT $pid; sleep 0.1; kill -INT $pid; wait $pid; echo ended $?");
  }
  Finished InTerminal(int columns, const std::string& arguments) {
    return Shell("python3 '" + SourceFolder() + "/tests/cli/in_terminal.py' " + std::to_string(columns) +
                 " \"$RETORT\" " + arguments);
  }
  TemporaryFolder folder_;
};

TEST_F(RunLive, ATraceIsBalancedAndInOrder) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "{\"id\":" + std::to_string(i) + "}\n";
  folder_.Write("in.jsonl", lines);
  const Finished finished = Shell("\"$RETORT\" run copy.yaml --trace trace.json --quiet");
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto events = nlohmann::json::parse(folder_.Read("trace.json"));
  std::map<std::pair<int, int>, std::string> open;  // by process and track
  std::map<std::string, int> records;
  std::map<std::string, int> phases;
  double last = 0, created = 0;
  for (const auto& event : events) {
    const std::string phase = event["ph"];
    ++phases[phase];
    if (phase == "M") continue;
    EXPECT_GE(event["ts"].get<double>(), last);
    last = event["ts"];
    if (phase == "C") continue;
    std::string& running = open[{event["pid"], event["tid"]}];
    EXPECT_EQ(running.empty(), phase == "B") << event;
    running = phase == "B" ? event["name"].get<std::string>() : "";
    if (phase == "B" && event.contains("args")) records[running] += event["args"]["batch"].get<int>();
    if (phase == "E" && event.contains("args")) created += event["args"]["created"].get<double>();
  }
  for (const auto& [track, running] : open) EXPECT_EQ(running, "");
  EXPECT_EQ(phases["B"], phases["E"]);
  EXPECT_GT(phases["C"], 0);
  EXPECT_EQ(records["write"], 2000);
  EXPECT_EQ(created, 2000);
}

TEST_F(RunLive, ATraceThatCannotBeWrittenIsAnError) {
  folder_.Write("in.jsonl", "{}\n");
  const Finished missing = Shell("\"$RETORT\" run copy.yaml --trace no/such/folder/t.json");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("error: --trace: no/such/folder/t.json: cannot be written: No such file"));
  EXPECT_EQ(folder_.Read("out.jsonl"), "") << "nothing ran";
  const Finished full = Shell("\"$RETORT\" run copy.yaml --trace /dev/full");
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_THAT(full.err, HasSubstr("error: --trace: /dev/full: writing failed: No space left"));
}

TEST_F(RunLive, MetricsAreServedWhileARunIsOn) {
  const Finished finished = WhileItRuns(
      "python3 -c \"import urllib.request, sys; answer = urllib.request.urlopen('http://127.0.0.1:' + sys.argv[1] + "
      "'/metrics', timeout=10); print(answer.headers['Content-Type'], file=sys.stderr); "
      "sys.stdout.write(answer.read().decode())\" $port");
  EXPECT_THAT(finished.out, HasSubstr("ended 130"));
  EXPECT_EQ(finished.err, "text/plain; version=0.0.4; charset=utf-8\n");
  const std::string page = finished.out.substr(0, finished.out.find("ended "));
  EXPECT_EQ(ExpositionFault(page), "");
  EXPECT_THAT(page, HasSubstr("retort_run_info{pipeline=\"slow\",file=\"slow.yaml\",pid=\""));
  EXPECT_THAT(page, HasSubstr("retort_records_admitted_total 3\n"));
  EXPECT_THAT(page, HasSubstr("retort_records_expected 3\n"));
  EXPECT_THAT(page, HasSubstr("retort_records_in_flight "));
  EXPECT_THAT(page, HasSubstr("retort_stage_calls_total{stage=\"read\"} "));
  EXPECT_TRUE(std::regex_search(page, std::regex("retort_stage_records_in_total\\{stage=\"slow\"\\} [1-9]"))) << page;
}

TEST_F(RunLive, TopFindsTheRunAndShowsItsStages) {
  const Finished finished = WhileItRuns("\"$RETORT\" top --once && \"$RETORT\" top $port && \"$RETORT\" top 1");
  EXPECT_THAT(finished.out, HasSubstr("slow (pid "));
  EXPECT_TRUE(std::regex_search(
      finished.out,
      std::regex("  slow  +[0-9.]+ +[0-9.]+ +[0-9]+ +[0-9]+ +[0-9.]+ of 16 +[0-9]+ %\n  write +[0-9.]+ +")))
      << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("records: ")) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr(" of 3 done, 0 failed, "));
  EXPECT_THAT(finished.err, HasSubstr("error: 127.0.0.1:1: Connection refused")) << "of the third";
  EXPECT_THAT(finished.out, Not(HasSubstr("\033"))) << "no terminal";
  const Finished after = Shell("ls retort; \"$RETORT\" top --once");
  EXPECT_EQ(after.exit_code, 2);
  EXPECT_EQ(after.out, "") << "the run's file is gone";
  EXPECT_THAT(after.err, HasSubstr("error: no pipeline of yours runs with --metrics-port; start one with `retort run"));
}

TEST_F(RunLive, TopIsRedrawnInATerminalUntilTheRunEnds) {
  WriteInput(3);  // `top` may take its time to begin
  const Finished finished = Shell(
      "\"$RETORT\" run slow.yaml --metrics-port 0 --quiet & "
      "for i in $(seq 600); do [ -e passed ] && break; sleep 0.05; done; python3 '" +
      SourceFolder() + "/tests/cli/in_terminal.py' 60 \"$RETORT\" top --interval 0.1; wait");
  size_t screens = 0;
  for (size_t at = 0; (at = finished.out.find("\033[H", at)) != std::string::npos; ++at) ++screens;
  EXPECT_GE(screens, 3u) << finished.out << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("The run has ended."));
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = std::regex_replace(line, std::regex("\033\\[[0-9]*[A-Z]|\r"), "");
    EXPECT_LE(text.size(), 60u) << text;
  }
}

TEST_F(RunLive, OptionsOfMetricsThatCannotBeMeantAreRefused) {
  folder_.Write("in.jsonl", "{}\n");
  const Finished address = Shell("\"$RETORT\" run copy.yaml --metrics-address 127.0.0.1");
  EXPECT_EQ(address.exit_code, 2);
  EXPECT_THAT(address.err, HasSubstr("--metrics-port"));
  const Finished name = Shell("\"$RETORT\" run copy.yaml --metrics-port 0 --metrics-address here");
  EXPECT_EQ(name.exit_code, 2);
  EXPECT_THAT(name.err, HasSubstr("error: --metrics-port: `here` is no IP address"));
  EXPECT_EQ(Shell("\"$RETORT\" run copy.yaml --metrics-port 70000").exit_code, 2);
  EXPECT_EQ(folder_.Read("out.jsonl"), "") << "nothing ran";
}

TEST_F(RunLive, InATerminalOneLineIsRewrittenAndNeverTooWide) {
  WriteInput(0.6);
  for (const int columns : {100, 24}) {
    const Finished finished = InTerminal(columns, "run slow.yaml");
    ASSERT_EQ(finished.exit_code, 0) << finished.out << finished.err;
    const std::regex line("\r\033\\[K([^\r\n\033]+)");
    int lines = 0;
    for (std::sregex_iterator at(finished.out.begin(), finished.out.end(), line), end; at != end; ++at, ++lines) {
      const std::string text = (*at)[1];
      if (text == "slow: done") break;
      EXPECT_LT(text.size(), static_cast<size_t>(columns)) << text;
      if (columns > 80) {
        EXPECT_THAT(text, HasSubstr("/3 records ("));
      }
    }
    EXPECT_GE(lines, 2) << finished.out;
    EXPECT_THAT(finished.out, HasSubstr("\r\033[Kslow: done")) << "the line is removed before the summary";
  }
}

TEST_F(RunLive, ElsewhereNothingIsRewritten) {
  WriteInput(0.3);
  const Finished plain = Shell("\"$RETORT\" run slow.yaml --json");
  EXPECT_EQ(plain.err.find_first_of("\r\033"), std::string::npos) << plain.err;
  EXPECT_EQ(nlohmann::json::parse(plain.out)["status"], "ok") << "stdout is the summary's alone";
  const Finished dumb = Shell("TERM_FOR_TEST=dumb python3 '" + SourceFolder() +
                              "/tests/cli/in_terminal.py' 80 \"$RETORT\" run slow.yaml");
  EXPECT_THAT(dumb.out, Not(HasSubstr("\033")));
  const Finished quiet = InTerminal(80, "run slow.yaml --quiet --metrics-port 0");
  EXPECT_EQ(quiet.out, "");
}

}  // namespace
}  // namespace retort::testing
