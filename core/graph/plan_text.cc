// A plan as text and as JSON.
#include <fmt/format.h>

#include <algorithm>

#include "core/graph/plan.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

std::string CyclePath(const PipelineDescription& pipeline, const std::vector<size_t>& cycle) {
  std::string text;
  for (const size_t stage : cycle) text += pipeline.stages[stage].name + " -> ";
  return text + pipeline.stages[cycle.front()].name;
}

const EdgeDescription* EdgeFrom(const PipelineDescription& pipeline, size_t stage, size_t port) {
  const auto found = std::find_if(pipeline.edges.begin(), pipeline.edges.end(),
                                  [&](const EdgeDescription& e) { return e.from == stage && e.port == port; });
  return found == pipeline.edges.end() ? nullptr : &*found;
}

double Seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

std::string StageTraits(const StageDescription& stage) {
  std::string text = fmt::format("up to {} record{} a call", stage.max_batch, stage.max_batch == 1 ? "" : "s");
  if (stage.linger.count() > 0) text += fmt::format(", waits up to {} ms for more", stage.linger.count() / 1000);
  text += stage.concurrent ? ", several calls at once" : ", one call at a time";
  if (stage.ordered) text += ", in the input's order";
  if (stage.isolated) {
    text += ", in a process of its own";
    if (stage.timeout.count() > 0) text += fmt::format(", {} s a call at most", Seconds(stage.timeout));
  } else if ((stage.descriptor->flags & RETORT_STAGE_BLOCKING) != 0) {
    text += ", on a thread of its own";
  }
  return text;
}

std::string StageText(const PipelineDescription& pipeline, size_t index) {
  const StageDescription& stage = pipeline.stages[index];
  const StageDescriptor& descriptor = *stage.descriptor;
  std::string out = fmt::format("  {}  uses {}: {}\n", stage.name, stage.uses, StageTraits(stage));
  for (const std::string& model : stage.models) out += fmt::format("      model {}\n", model);
  if (!descriptor.inputs.empty())
    out += fmt::format("      in   {} ({})\n", descriptor.inputs[0].name, stage.input_payload);
  for (size_t port = 0; port < descriptor.outputs.size(); ++port) {
    const EdgeDescription* edge = EdgeFrom(pipeline, index, port);
    const std::string to = edge == nullptr ? "done" : pipeline.stages[edge->to].name + (edge->back ? " (back)" : "");
    out += fmt::format("      out  {} ({}) -> {}\n", descriptor.outputs[port].name, stage.output_payloads[port], to);
  }
  return out;
}

/// Where that is more than the device has: how many records at full context there is room for.
std::string RoomText(const PlannedModel& model) {
  if (model.device_bytes == 0 || model.weight_bytes + model.kv_bytes_bound <= model.device_bytes) return "";
  const std::string has = fmt::format(", of {} that the device has", BytesText(model.device_bytes));
  if (model.weight_bytes >= model.device_bytes) return has + ": not even the weights fit";
  const uint64_t record = model.kv_bytes_per_token * static_cast<uint64_t>(model.context_length);
  return has + fmt::format(": room for {} such records", (model.device_bytes - model.weight_bytes) / record);
}

std::string ModelText(const PlannedModel& model) {
  std::string out = fmt::format("  {}  {}\n", model.name, model.path);
  out += fmt::format("      {}, {} layers, hidden {}, vocabulary {}, context {} tokens\n", model.architecture,
                     model.layers, model.hidden, model.vocab, model.context_length);
  out += fmt::format("      device {}: {}; weights {}, precision {}\n", model.device, model.device_text, model.weights,
                     model.precision);
  out += fmt::format(
      "      memory {} of weights, {} of keys and values a token; at most {} with every record at full context{}\n",
      BytesText(model.weight_bytes), BytesText(model.kv_bytes_per_token),
      BytesText(model.weight_bytes + model.kv_bytes_bound), RoomText(model));
  if (model.neuron_bytes > 0)
    out += fmt::format("      {} more where a stage runs some of the neurons\n", BytesText(model.neuron_bytes));
  for (const PlannedStep& step : model.steps)
    out +=
        fmt::format("      time   a step of {:>2} {} at least {:.2f} ms: at most {:.0f} tokens/s\n", step.sequences,
                    step.sequences == 1 ? "sequence " : "sequences", step.seconds * 1e3, step.sequences / step.seconds);
  for (const std::string& line : model.dispatch) out += "      dispatch " + line + "\n";
  return out;
}

Json StageJson(const PipelineDescription& pipeline, size_t index) {
  const StageDescription& stage = pipeline.stages[index];
  Json inputs = Json::array(), outputs = Json::array();
  for (const PortSpec& port : stage.descriptor->inputs)
    inputs.push_back({{"name", port.name}, {"payload", stage.input_payload}});
  for (size_t port = 0; port < stage.descriptor->outputs.size(); ++port) {
    const PortSpec& spec = stage.descriptor->outputs[port];
    const EdgeDescription* edge = EdgeFrom(pipeline, index, port);
    outputs.push_back({{"name", spec.name},
                       {"payload", stage.output_payloads[port]},
                       {"to", edge == nullptr ? Json() : Json(pipeline.stages[edge->to].name)},
                       {"back", edge != nullptr && edge->back}});
  }
  return {{"name", stage.name},
          {"uses", stage.uses},
          {"models", stage.models},
          {"max_batch", stage.max_batch},
          {"linger_ms", stage.linger.count() / 1000},
          {"concurrent", stage.concurrent},
          {"ordered", stage.ordered},
          {"isolation", stage.isolated ? "process" : "none"},
          {"timeout_s", Seconds(stage.timeout)},
          {"inputs", inputs},
          {"outputs", outputs}};
}

}  // namespace

std::string BytesText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < std::size(kUnits); ++unit) amount /= 1024;
  return unit == 0 || amount >= 100 ? fmt::format("{:.0f} {}", amount, kUnits[unit])
                                    : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string PlanText(const Plan& plan) {
  const PipelineDescription& pipeline = *plan.pipeline;
  const EngineOptions& engine = pipeline.engine;
  std::string out =
      fmt::format("pipeline {} ({})\n\nSTAGES\n", pipeline.name.empty() ? "without a name" : pipeline.name, plan.file);
  for (size_t i = 0; i < pipeline.stages.size(); ++i) out += StageText(pipeline, i);
  out += "\nCYCLES\n";
  const auto cycles = FindCycles(pipeline);
  if (cycles.empty()) out += "  none\n";
  for (const auto& cycle : cycles)
    out += fmt::format("  {}: at most {} turns a record\n", CyclePath(pipeline, cycle), engine.max_cycles);
  out += fmt::format("\nENGINE\n  at most {} records and {} of JSON in flight\n", engine.credits,
                     BytesText(engine.credit_bytes));
  out +=
      fmt::format("  {} compute threads{}{}, seed {}{}\n", engine.threads == 0 ? "all" : std::to_string(engine.threads),
                  engine.affinity == Affinity::kCores ? ", a core each" : "",
                  engine.numa >= 0 ? fmt::format(" on NUMA node {}", engine.numa) : "", engine.seed,
                  engine.deterministic ? ", deterministic" : "");
  out += fmt::format("  failed records: {}\n\nMODELS\n",
                     engine.dead_letter_path.empty() ? "only counted" : engine.dead_letter_path);
  if (plan.models.empty()) out += "  none\n";
  for (const PlannedModel& model : plan.models) out += ModelText(model);
  return out;
}

nlohmann::ordered_json PlanJson(const Plan& plan) {
  const PipelineDescription& pipeline = *plan.pipeline;
  const EngineOptions& engine = pipeline.engine;
  Json stages = Json::array(), cycles = Json::array(), models = Json::array();
  for (size_t i = 0; i < pipeline.stages.size(); ++i) stages.push_back(StageJson(pipeline, i));
  for (const auto& cycle : FindCycles(pipeline)) {
    Json path = Json::array();
    for (const size_t stage : cycle) path.push_back(pipeline.stages[stage].name);
    cycles.push_back({{"path", path}, {"max_turns", engine.max_cycles}});
  }
  for (const PlannedModel& m : plan.models) {
    models.push_back({{"name", m.name},
                      {"source", m.source},
                      {"path", m.path},
                      {"device", m.device},
                      {"device_text", m.device_text},
                      {"weights", m.weights},
                      {"precision", m.precision},
                      {"architecture", m.architecture},
                      {"layers", m.layers},
                      {"hidden", m.hidden},
                      {"vocab", m.vocab},
                      {"context_length", m.context_length},
                      {"weight_bytes", m.weight_bytes},
                      {"neuron_bytes", m.neuron_bytes},
                      {"kv_bytes_per_token", m.kv_bytes_per_token},
                      {"kv_bytes_bound", m.kv_bytes_bound},
                      {"device_bytes", m.device_bytes},
                      {"dispatch", m.dispatch}});
    for (const PlannedStep& step : m.steps)
      models.back()["steps"].push_back({{"sequences", step.sequences}, {"least_seconds", step.seconds}});
  }
  return {{"name", pipeline.name},
          {"file", plan.file},
          {"stages", stages},
          {"cycles", cycles},
          {"engine",
           {{"credits", engine.credits},
            {"credit_bytes", engine.credit_bytes},
            {"threads", engine.threads},
            {"affinity", engine.affinity == Affinity::kCores ? "cores" : "none"},
            {"numa", engine.numa},
            {"seed", engine.seed},
            {"deterministic", engine.deterministic},
            {"dead_letter", engine.dead_letter_path},
            {"max_cycles", engine.max_cycles}}},
          {"models", models}};
}

}  // namespace retort
