#include "core/graph/run.h"

#include <algorithm>
#include <numeric>

#include "core/graph/trace/traced_stage.h"
#include "core/plugin/isolation/isolated_stage.h"
#include "core/plugin/plugin_stage.h"

namespace retort {
namespace {

constexpr std::string_view kTokens = "tokens_generated";
constexpr std::string_view kAcceptance = "acceptance_length";

/// Hands everything on and adds up generated tokens as they come, within a call too.
class TokenCountingContext final : public StageContext {
 public:
  TokenCountingContext(StageContext& inner, std::atomic<uint64_t>& tokens) : inner_(inner), tokens_(tokens) {}
  Status Emit(uint32_t port, Record* record) override { return inner_.Emit(port, record); }
  Status Complete(Record* record) override { return inner_.Complete(record); }
  Status Fail(Record* record, Status why) override { return inner_.Fail(record, std::move(why)); }
  Status Skip(Record* record, std::string_view reason) override { return inner_.Skip(record, reason); }
  bool Cancelled() const override { return inner_.Cancelled(); }
  Result<Record*> Create() override { return inner_.Create(); }
  void Count(std::string_view metric, double amount) override {
    if (metric == kTokens && amount > 0) tokens_.fetch_add(static_cast<uint64_t>(amount), std::memory_order_relaxed);
    inner_.Count(metric, amount);
  }
  void Sample(std::string_view metric, double value) override { inner_.Sample(metric, value); }

 private:
  StageContext& inner_;
  std::atomic<uint64_t>& tokens_;
};

class TokenCountingStage final : public StageBody {
 public:
  TokenCountingStage(std::unique_ptr<StageBody> inner, std::atomic<uint64_t>& tokens)
      : inner_(std::move(inner)), tokens_(tokens) {}
  Status Open() override { return inner_->Open(); }
  Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) override {
    TokenCountingContext counting(context, tokens_);
    return inner_->Process(counting, records, want, end);
  }
  Status Close(bool cut_short) override { return inner_->Close(cut_short); }

 private:
  std::unique_ptr<StageBody> inner_;
  std::atomic<uint64_t>& tokens_;
};

/// For each stage the name of the group within which stages never run at the same time: stages that run one model,
/// directly or through others, are one group. "" where a stage runs none.
std::vector<std::string> ExclusiveGroups(const PipelineDescription& pipeline) {
  std::map<std::string, std::string> parent;
  for (const ModelDescription& model : pipeline.models) parent[model.name] = model.name;
  const auto root = [&](std::string name) {
    while (parent[name] != name) name = parent[name];
    return name;
  };
  for (const StageDescription& stage : pipeline.stages) {
    for (const std::string& model : stage.run_models) parent[root(model)] = root(stage.run_models.front());
  }
  std::vector<std::string> groups;
  for (const StageDescription& stage : pipeline.stages)
    groups.push_back(stage.run_models.empty() ? "" : root(stage.run_models.front()));
  return groups;
}

/// Longest way from a source over forward edges: stages further down come first, which keeps what is in flight small.
std::vector<int> Depths(const PipelineDescription& pipeline) {
  std::vector<int> depths(pipeline.stages.size(), 0);
  bool changed = true;
  while (changed) {  // ends: forward edges have no cycle
    changed = false;
    for (const EdgeDescription& edge : pipeline.edges) {
      if (edge.back || depths[edge.to] > depths[edge.from]) continue;
      depths[edge.to] = depths[edge.from] + 1;
      changed = true;
    }
  }
  return depths;
}

/// The stage, in this process or in one of its own.
Result<std::unique_ptr<StageBody>> MakePluginBody(const StageDescription& stage, StageConfig config) {
  std::unique_ptr<StageBody> body;
  if (stage.isolated) {
    RETORT_ASSIGN_OR_RETURN(body,
                            IsolatedStage::Create(*stage.descriptor, std::move(config), {.timeout = stage.timeout}));
  } else {
    RETORT_ASSIGN_OR_RETURN(body, PluginStage::Create(*stage.descriptor, std::move(config)));
  }
  return body;
}

}  // namespace

PipelineRun::PipelineRun(const EngineOptions& options) : engine_(std::make_unique<Engine>(options)) {}
PipelineRun::~PipelineRun() = default;

Result<std::unique_ptr<PipelineRun>> PipelineRun::Create(const PipelineDescription& pipeline, const std::string& file,
                                                         const RunProbes& probes) {
  std::unique_ptr<PipelineRun> run(new PipelineRun(pipeline.engine));
  RETORT_RETURN_IF_ERROR(run->LoadModels(pipeline, file, probes));
  RETORT_RETURN_IF_ERROR(run->AddStages(pipeline, file, probes));
  for (const EdgeDescription& edge : pipeline.edges) {
    RETORT_RETURN_IF_ERROR(
        run->engine_->Connect(pipeline.stages[edge.from].name, edge.port, pipeline.stages[edge.to].name, edge.back)
            .Annotate(pipeline.At(file, edge.place) + ": error"));
  }
  return run;
}

Status PipelineRun::LoadModels(const PipelineDescription& pipeline, const std::string& file, const RunProbes& probes) {
  for (const StageDescription& stage : pipeline.stages) {
    if (probes.stand_ins.contains(stage.name)) continue;
    for (const std::string& name : stage.models) {
      if (models_.contains(name)) continue;
      const ModelDescription& model = *pipeline.FindModel(name);
      ModelConfig config = model.config;
      config.repeatable = pipeline.engine.deterministic;
      auto loaded = Model::Load(config);
      if (!loaded.ok()) return loaded.status().Annotate(pipeline.At(file, model.place) + ": error");  // names the model
      models_[name] = *std::move(loaded);
    }
  }
  return {};
}

Result<std::unique_ptr<StageBody>> PipelineRun::MakeBody(const StageDescription& stage, bool repeatable,
                                                         const RunProbes& probes) {
  if (const auto stand_in = probes.stand_ins.find(stage.name); stand_in != probes.stand_ins.end())
    return stand_in->second();
  StageConfig config{stage.name, stage.values, {}, repeatable};
  for (const std::string& name : stage.models) config.models[name] = models_.at(name);
  RETORT_ASSIGN_OR_RETURN(std::unique_ptr<StageBody> body, MakePluginBody(stage, std::move(config)));
  if (!stage.models.empty()) body = std::make_unique<TokenCountingStage>(std::move(body), tokens_);
  return body;
}

Status PipelineRun::AddStages(const PipelineDescription& pipeline, const std::string& file, const RunProbes& probes) {
  const std::vector<std::string> groups = ExclusiveGroups(pipeline);
  const std::vector<int> depths = Depths(pipeline);
  for (size_t i = 0; i < pipeline.stages.size(); ++i) {
    const StageDescription& stage = pipeline.stages[i];
    auto made = MakeBody(stage, pipeline.engine.deterministic, probes);
    if (!made.ok()) return made.status().Annotate(pipeline.At(file, stage.place) + ": error");
    std::unique_ptr<StageBody> body = *std::move(made);
    if (!probes.empty()) body = ProbeStage(stage.name, std::move(body), probes);
    if (probes.trace != nullptr) body = TraceStage(static_cast<uint32_t>(i), std::move(body), *probes.trace);
    StageOptions options;
    options.name = stage.name;
    options.inputs = static_cast<uint32_t>(stage.descriptor->inputs.size());
    options.outputs = static_cast<uint32_t>(stage.descriptor->outputs.size());
    options.max_batch = stage.max_batch;
    options.linger = stage.linger;
    options.concurrent = stage.concurrent;
    options.ordered = stage.ordered;
    options.blocking = stage.isolated || (stage.descriptor->flags & RETORT_STAGE_BLOCKING) != 0;
    options.exclusive = groups[i];
    options.priority = depths[i];
    for (const PortSpec& output : stage.descriptor->outputs) options.optional_outputs.push_back(output.optional);
    RETORT_RETURN_IF_ERROR(
        engine_->AddStage(std::move(options), std::move(body)).Annotate(pipeline.At(file, stage.place) + ": error"));
  }
  return {};
}

RunReport PipelineRun::Run() { return engine_->Run(); }
void PipelineRun::Drain() { engine_->Drain(); }
void PipelineRun::StopNow() { engine_->StopNow(); }

RunView PipelineRun::view() const {
  return {engine_->progress(), tokens_.load(std::memory_order_relaxed), engine_->stages()};
}
std::vector<StageLoad> PipelineRun::loads() const { return engine_->loads(); }
uint64_t PipelineRun::in_flight() const { return engine_->progress().in_flight(); }

std::map<std::string, StageStats::Distribution> AcceptanceLengths(const RunReport& report) {
  std::map<std::string, StageStats::Distribution> lengths;
  for (const auto& [stage, stats] : report.stages) {
    for (const auto& [name, sample] : stats.samples) {
      if (!name.starts_with(kAcceptance)) continue;
      const std::string kind = name == kAcceptance ? "" : name.substr(kAcceptance.size() + 1);
      const auto [entry, fresh] = lengths.emplace(kind, sample);
      if (fresh) continue;
      StageStats::Distribution& sum = entry->second;
      sum.count += sample.count;
      sum.sum += sample.sum;
      sum.min = std::min(sum.min, sample.min);
      sum.max = std::max(sum.max, sample.max);
    }
  }
  return lengths;
}

uint64_t GeneratedTokens(const RunReport& report) {
  return std::accumulate(report.stages.begin(), report.stages.end(), uint64_t{0}, [](uint64_t sum, const auto& stage) {
    const auto counter = stage.second.counters.find(std::string(kTokens));
    return sum + (counter == stage.second.counters.end() ? 0 : static_cast<uint64_t>(counter->second));
  });
}

}  // namespace retort
