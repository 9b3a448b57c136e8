// retort bench: what the engine, the models and the machine attain here.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/graph/engine/bench.h"
#include "core/ops/calibrate.h"
#include "tools/cli/bench_decode.h"
#include "tools/cli/bench_sirius.h"
#include "tools/cli/bench_sparse.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_options.h"
#include "tools/cli/output.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Figures as they are in the JSON, one a line; nested ones with their path.
std::string FiguresText(const Json& figures, const std::string& prefix = "") {
  std::string out;
  for (const auto& [name, value] : figures.items()) {
    if (value.is_object()) {
      out += FiguresText(value, prefix + name + ".");
    } else if (value.is_array()) {
      for (const Json& item : value)
        out += fmt::format("  {:<36} {}\n", prefix + name, item.is_string() ? item.get<std::string>() : item.dump());
    } else if (value.is_number_float()) {
      out += fmt::format("  {:<36} {:.6g}\n", prefix + name, value.get<double>());
    } else {
      out += fmt::format("  {:<36} {}\n", prefix + name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return out;
}

int Report(const Result<Json>& figures, bool json) {
  if (!figures.ok()) {
    PrintStatus(figures.status());
    return ExitCodeOf(figures.status());
  }
  Print(json ? figures->dump(2) + "\n" : FiguresText(*figures));
  return kDone;
}

void AddEngine(CLI::App& bench, Action* action) {
  CLI::App* command =
      bench.add_subcommand("engine", "Time of a record's way through the engine, against bare oneTBB nodes");
  auto options = std::make_shared<EngineBenchOptions>();
  auto json = std::make_shared<bool>(false);
  AddThreads(*command, &options->threads);
  command->add_option("--repeats", options->repeats, "Pairs of measurements")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--records", options->records, "Records of a measurement")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  command->add_option("--flow-records", options->flow_records, "Records through five stages and one cycle")
      ->check(CLI::Range(20, 1000000000))
      ->capture_default_str();
  command->add_flag("--json", *json, "As JSON");
  command->footer("Example: retort bench engine --json");
  command->callback([=] {
    *action = [=] {
      const auto figures = RunEngineBench(*options);
      return Report(figures.ok() ? Result<Json>(figures->ToJson()) : Result<Json>(figures.status()), *json);
    };
  });
}

/// The options that say which model, and how it runs.
void AddModel(CLI::App& command, ModelConfig* model, std::string* precision) {
  command.add_option("--model", model->source, "A GGUF file, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  AddArithmetic(command, model, precision);
  command.add_option("--device", model->device, "ref, cpu, cuda or cuda:N")->capture_default_str();
  AddThreads(command, &model->threads);
}

void AddDecode(CLI::App& bench, Action* action) {
  CLI::App* command = bench.add_subcommand("decode", "Speed of prefill, decoding and steps of several tokens");
  auto options = std::make_shared<DecodeBenchOptions>();
  auto precision = std::make_shared<std::string>("fast");
  auto json = std::make_shared<bool>(false);
  AddModel(*command, &options->model, precision.get());
  command->add_option("--steps", options->steps, "Tokens a step, several parted by commas")
      ->delimiter(',')
      ->check(CLI::Range(1, 65536))
      ->type_name("N,N,...");
  command->add_flag("--many", options->many, "A step's tokens are those of as many sequences, one each");
  command->add_option("--prompt", options->prompt, "Tokens before the measured steps")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--repeats", options->repeats, "Of each measurement; medians are reported")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_flag("--json", *json, "As JSON");
  command->footer(
      "v(n) is the time of a step of n tokens over that of one. attained_over_limit is the speed of decoding over "
      "what\n"
      "this machine allows: the slower of reading weights, keys and values once and of arithmetic at its peak.\n"
      "Example: retort bench decode --model smollm2-135m-instruct --weights q8_0 --steps 1,4,8 --prompt 128 --json");
  command->callback([=] {
    options->model.precision = PrecisionOf(*precision);
    *action = [=] { return Report(RunDecodeBench(*options), *json); };
  });
}

void AddSparse(CLI::App& bench, Action* action) {
  CLI::App* command = bench.add_subcommand("sparse", "What leaving neurons out of feed-forward parts saves");
  auto options = std::make_shared<SparseBenchOptions>();
  auto precision = std::make_shared<std::string>("fast");
  auto json = std::make_shared<bool>(false);
  AddModel(*command, &options->model, precision.get());
  command->add_option("--densities", options->densities, "Shares of the neurons that run, parted by commas")
      ->delimiter(',')
      ->check(CLI::Range(1e-6, 1.0))
      ->type_name("D,D,...");
  command->add_option("--prompt", options->prompt, "Tokens before the measured steps")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--tokens", options->tokens, "Tokens a step")->check(CLI::Range(1, 65536))->capture_default_str();
  command->add_option("--repeats", options->repeats, "Of each measurement; medians are reported")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_flag("--json", *json, "As JSON");
  command->footer(
      "mlp: time of the feed-forward parts over that of the dense ones; mlp_share: the share of their weights that is\n"
      "read. step: time of a whole step over the whole model's; density: the share of all parameters that runs.\n"
      "Example: retort bench sparse --model smollm2-135m-instruct --weights q8_0 --densities 0.5,0.3 --json");
  command->callback([=] {
    options->model.precision = PrecisionOf(*precision);
    *action = [=] { return Report(RunSparseBench(*options), *json); };
  });
}

void AddCalibrate(CLI::App& bench, Action* action) {
  CLI::App* command = bench.add_subcommand("calibrate", "What this processor can do at most: memory and arithmetic");
  auto threads = std::make_shared<int>(0);
  auto json = std::make_shared<bool>(false);
  AddThreads(*command, threads.get());
  command->add_flag("--json", *json, "As JSON");
  command->footer("Example: retort bench calibrate --json");
  command->callback([=] {
    *action = [=] {
      const auto machine = Calibrate(*threads);
      if (!machine.ok()) return Report(machine.status(), *json);
      return Report(Json{{"threads", machine->threads},
                         {"read_bytes_per_second", machine->read_bytes_per_second},
                         {"f32_flops_per_second", machine->f32_flops_per_second},
                         {"int8_ops_per_second", machine->int8_ops_per_second},
                         {"bf16_flops_per_second", machine->bf16_flops_per_second}},
                    *json);
    };
  });
}

}  // namespace

void AddBenchCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("bench", "Measure the engine, a model or the machine");
  command->require_subcommand(1);
  command->footer("Example: retort bench engine --json");
  AddEngine(*command, action);
  AddDecode(*command, action);
  AddSparse(*command, action);
  AddSiriusBench(*command, action);
  AddCalibrate(*command, action);
}

}  // namespace retort::cli
