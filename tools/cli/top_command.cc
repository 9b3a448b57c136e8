// retort top: what the pipelines do that run now.
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "tools/cli/commands.h"
#include "tools/cli/live/metrics_client.h"
#include "tools/cli/live/run_file.h"
#include "tools/cli/live/terminal.h"
#include "tools/cli/live/top_table.h"
#include "tools/cli/output.h"

namespace retort::cli {
namespace {

struct TopArguments {
  std::string endpoint;
  double interval = 1;  // seconds
  bool once = false;
};

/// The runs that are looked at, with what was seen of them the last time.
using Runs = std::map<std::string, std::unique_ptr<TopSnapshot>>;  // by endpoint

Result<TopSnapshot> Look(const std::string& endpoint) {
  RETORT_ASSIGN_OR_RETURN(const std::string page, FetchMetrics(endpoint));
  Result<TopSnapshot> snapshot = ReadSnapshot(page);
  if (!snapshot.ok()) return snapshot.status().Annotate(endpoint);
  return snapshot;
}

/// Add the runs of this user.
void AddFound(Runs& runs) {
  for (const RunningPipeline& run : FindRuns()) runs.try_emplace(run.endpoint);
}

/// The tables of all runs; those that do not answer any more are dropped from `runs`, the last reason kept in `why`.
std::string Tables(Runs& runs, Status& why) {
  std::string tables;
  for (auto run = runs.begin(); run != runs.end();) {
    auto now = Look(run->first);
    if (!now.ok()) {
      why = now.status();
      run = runs.erase(run);
      continue;
    }
    tables += (tables.empty() ? "" : "\n") + TopTable(*now, run->second.get(), run->first);
    run->second = std::make_unique<TopSnapshot>(*std::move(now));
    ++run;
  }
  return tables;
}

/// As much of `text` as the terminal can show without scrolling or breaking lines.
std::string Screen(const std::string& text, int columns) {
  std::string screen = "\033[H";  // home; what was there is overwritten, so that nothing flickers
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    screen += std::string(CutToColumns(std::string_view(text).substr(begin, end - begin), columns)) + "\033[K\n";
    begin = end + 1;
  }
  return screen + "\033[J";
}

/// Redraws `tables` every so many seconds, until no run is left. `find`: runs that begin join.
int Watch(Runs runs, std::string tables, bool find, std::chrono::duration<double> interval) {
  Print("\033[2J");
  for (Status why; !runs.empty(); tables = Tables(runs, why)) {
    Print(Screen(tables, TerminalColumns(STDOUT_FILENO)));
    std::this_thread::sleep_for(interval);
    if (find) AddFound(runs);
  }
  Print("The run has ended.\n");
  return kDone;
}

int Top(const TopArguments& arguments) {
  Runs runs;
  if (!arguments.endpoint.empty()) {
    const auto endpoint = ParseEndpoint(arguments.endpoint);
    if (!endpoint.ok()) {
      PrintStatus(endpoint.status());
      return kUsage;
    }
    runs.try_emplace(*endpoint);
  } else {
    AddFound(runs);
  }
  Status why = NotFound(
      "no pipeline of yours runs with --metrics-port; start one with `retort run PIPELINE --metrics-port 0`, or name "
      "the port of one: `retort top PORT`");
  const std::string tables = Tables(runs, why);
  if (runs.empty()) {
    PrintStatus(why);
    return kUsage;
  }
  if (!arguments.once && TerminalColumns(STDOUT_FILENO) > 0)
    return Watch(std::move(runs), tables, arguments.endpoint.empty(),
                 std::chrono::duration<double>(arguments.interval));
  Print(tables);
  return kDone;
}

}  // namespace

void AddTopCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("top", "What the stages of running pipelines do, redrawn each second");
  auto arguments = std::make_shared<TopArguments>();
  command
      ->add_option("endpoint", arguments->endpoint,
                   "The port or HOST:PORT of `retort run --metrics-port`; without it, all runs of this user")
      ->type_name("PORT|HOST:PORT");
  command->add_option("--interval", arguments->interval, "Time from one look to the next")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str()
      ->type_name("SECONDS");
  command->add_flag("--once", arguments->once, "Print one table, with means since the run began");
  command->footer(
      "waiting: records before a stage. running: its calls now. batch: records a call, of what a call may take.\n"
      "busy: time in calls, which is over 100 % where several run at once. Rates and busy count a call when it ends.\n"
      "Where stdout is no terminal: as --once.\n"
      "Ctrl-C ends it. Exit codes: 0 done, 2 nothing runs or answers.\n"
      "Example: retort run pipelines/speculative.yaml --metrics-port 9464 & retort top 9464");
  command->callback([=] { *action = [=] { return Top(*arguments); }; });
}

}  // namespace retort::cli
