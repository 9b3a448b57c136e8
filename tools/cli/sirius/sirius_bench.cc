#include "tools/cli/sirius/sirius_bench.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tools/cli/scratch_folder.h"
#include "tools/cli/tasks/accuracy.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
using Show = std::function<void(const std::string&)>;

/// Tasks, and the file that they are in.
struct TaskFile {
  std::string path;
  std::vector<Task> tasks;
};

/// Every so many lines of `file`, in a file of their own.
Result<TaskFile> Thin(const std::string& file, size_t every, const std::string& path) {
  RETORT_RETURN_IF_ERROR(ReadTasks(file).status());
  std::ifstream in(file);
  std::ofstream out(path);
  std::string line;
  for (size_t i = 0; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (i++ % every == 0) out << line << '\n';
  }
  out.close();
  if (!out) return ResourceExhausted(path + ": cannot be written");
  RETORT_ASSIGN_OR_RETURN(std::vector<Task> tasks, ReadTasks(path));
  return TaskFile{path, std::move(tasks)};
}

Settings With(Settings settings, const Settings& more) {
  for (const auto& [name, value] : more) settings[name] = value;
  return settings;
}

class Bench {
 public:
  Bench(const SiriusBenchOptions& options, const Show& show, ScratchFolder folder)
      : options_(options), show_(show), folder_(std::move(folder)) {}

  Result<Json> Run() {
    RETORT_ASSIGN_OR_RETURN(all_, Thin(options_.tasks, options_.every, folder_.Path("tasks.jsonl")));
    const size_t every = std::max<size_t>(1, all_.tasks.size() / std::max<size_t>(1, options_.timed_tasks));
    RETORT_ASSIGN_OR_RETURN(timed_, Thin(all_.path, every, folder_.Path("timed.jsonl")));
    for (const Task& task : all_.tasks) kinds_.push_back(task.kind);
    RETORT_ASSIGN_OR_RETURN(full_, Plain(all_, 0, "the whole model"));
    RETORT_ASSIGN_OR_RETURN(const TaskRun alone, Plain(timed_, 1, "the whole model, one record at a time"));
    RETORT_ASSIGN_OR_RETURN(const TaskRun eight, Plain(timed_, 8, "the whole model, eight records at a time"));
    Json json{{"tasks", all_.tasks.size()},
              {"timed_tasks", timed_.tasks.size()},
              {"plain_tokens_per_second", {{"1", alone.tokens_per_second()}, {"8", eight.tokens_per_second()}}}};
    for (const auto& [kind, own] : {std::pair("coarse", &options_.coarse), std::pair("fine", &options_.fine)}) {
      RETORT_ASSIGN_OR_RETURN(json[kind], Kind(kind, *own, alone, eight));
    }
    return json;
  }

 private:
  Result<TaskRun> Plain(const TaskFile& file, uint32_t records, const std::string& what) {
    show_(what);
    return RunTasks(options_.plain, options_.common, file.path, file.tasks, folder_.Path("plain.jsonl"), records);
  }
  Result<TaskRun> Sirius(const Settings& settings, const TaskFile& file, uint32_t records, const std::string& what) {
    show_(what);
    return RunTasks(options_.sirius, settings, file.path, file.tasks, folder_.Path("sirius.jsonl"), records);
  }

  Result<Json> Kind(const std::string& kind, const Settings& own, const TaskRun& plain_alone,
                    const TaskRun& plain_eight) {
    Settings settings = With(With(options_.common, own), {{"sparsity", kind}});
    // All sparse tokens stand, and the whole model is hardly asked.
    const Settings sparse_settings =
        With(settings,
             {{"mode", "threshold"}, {"threshold", "0"}, {"kernel", "64"}, {"width", "1"}, {"min_confidence", "0"}});
    RETORT_ASSIGN_OR_RETURN(const TaskRun sparse, Sirius(sparse_settings, all_, 0, kind + ": the sparse model"));
    RETORT_ASSIGN_OR_RETURN(const TaskRun corrected, Sirius(settings, all_, 0, kind + ": corrected"));
    RETORT_ASSIGN_OR_RETURN(const TaskRun alone, Sirius(settings, timed_, 1, kind + ": one record at a time"));
    RETORT_ASSIGN_OR_RETURN(const TaskRun eight, Sirius(settings, timed_, 8, kind + ": eight records at a time"));
    RETORT_ASSIGN_OR_RETURN(const RecoveryFigures figures,
                            MeasureRecovery(kinds_, full_.passed, sparse.passed, corrected.passed, options_.bootstrap));
    Json json{{"settings", Json(settings)},
              {"accuracy_full", figures.full.value},
              {"accuracy_sparse", figures.sparse.value},
              {"accuracy_corrected", figures.corrected.value},
              {"recovery", figures.recovery ? Json(figures.recovery->value) : Json()}};
    AddChecks(corrected.report, json);
    const double steps = CounterOf(alone.report, "draft_step_seconds") + StepSeconds(alone.report);
    json["loop_over_bound"] = steps > 0 ? Json(CounterOf(alone.report, "loop_seconds") / steps) : Json();
    const double one = alone.tokens_per_second(), many = eight.tokens_per_second();
    json["tokens_per_second"] = {{"1", one}, {"8", many}};
    json["speed_over_plain"] = {{"1", one / plain_alone.tokens_per_second()},
                                {"8", many / plain_eight.tokens_per_second()}};
    json["intervals"] = {{"accuracy_full", Pair(figures.full)},
                         {"accuracy_sparse", Pair(figures.sparse)},
                         {"accuracy_corrected", Pair(figures.corrected)},
                         {"recovery", figures.recovery ? Pair(*figures.recovery) : Json()}};
    return json;
  }

  static Json Pair(const Interval& interval) { return Json::array({interval.low, interval.high}); }

  static void AddChecks(const RunReport& report, Json& json) {
    for (const std::string ending : {"", "_without_last"}) {
      const StageStats::Distribution kept = SamplesOf(report, "kept_tokens" + ending);
      if (kept.count == 0) continue;
      json["aal" + ending] = kept.sum / static_cast<double>(kept.count);
      json["effective_density" + ending] = CounterOf(report, "check_density" + ending) / kept.sum;
    }
  }

  const SiriusBenchOptions& options_;
  const Show& show_;
  ScratchFolder folder_;
  TaskFile all_, timed_;
  std::vector<std::string> kinds_;
  TaskRun full_;
};

}  // namespace

Result<Json> RunSiriusBench(const SiriusBenchOptions& options, const Show& show) {
  RETORT_ASSIGN_OR_RETURN(ScratchFolder folder, ScratchFolder::Create("retort-sirius"));
  return Bench(options, show, std::move(folder)).Run();
}

}  // namespace retort::cli
