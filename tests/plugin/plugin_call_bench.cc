// What the ABI costs: one Process call of a trivial stage written with the SDK, against the same stage as a StageBody.
// Each record of the batch is completed.
#include <benchmark/benchmark.h>
#include <retort/sdk.h>

#include <vector>

#include "core/plugin/host_services.h"
#include "core/plugin/loader.h"
#include "core/plugin/plugin_stage.h"

namespace {

namespace sdk = retort::sdk;

class TrivialPlugin final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("trivial").Summary("Complete every record.").Input("in", "record", "Any.");
  }
  static retort::Result<std::unique_ptr<TrivialPlugin>> Create(const sdk::Config&) {
    return std::make_unique<TrivialPlugin>();
  }
  retort::Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) RETORT_RETURN_IF_ERROR(context.Complete(record));
    return {};
  }
};

class TrivialBody final : public retort::StageBody {
 public:
  retort::Status Process(retort::StageContext& context, std::span<retort::Record* const> records, size_t,
                         bool*) override {
    for (retort::Record* record : records) RETORT_RETURN_IF_ERROR(context.Complete(record));
    return {};
  }
};

class CountingContext final : public retort::StageContext {
 public:
  retort::Status Emit(uint32_t, retort::Record*) override { return {}; }
  retort::Status Complete(retort::Record*) override { return ++completed_, retort::Status(); }
  retort::Status Fail(retort::Record*, retort::Status) override { return {}; }
  retort::Status Skip(retort::Record*, std::string_view) override { return {}; }
  bool Cancelled() const override { return false; }
  retort::Result<retort::Record*> Create() override { return retort::Unsupported("no source"); }
  void Count(std::string_view, double) override {}
  void Sample(std::string_view, double) override {}

 private:
  size_t completed_ = 0;
};

void Run(benchmark::State& state, retort::StageBody& body) {
  std::vector<retort::Record> records(static_cast<size_t>(state.range(0)));
  std::vector<retort::Record*> batch;
  for (retort::Record& record : records) batch.push_back(&record);
  CountingContext context;
  bool end = false;
  for (auto _ : state) benchmark::DoNotOptimize(body.Process(context, batch, 0, &end).ok());
}

void BM_DirectBody(benchmark::State& state) {
  TrivialBody body;
  Run(state, body);
}

void BM_ThroughAbi(benchmark::State& state) {
  retort::Registry registry;
  if (!retort::AddLinkedPlugin("trivial", sdk::RegisterStages<TrivialPlugin>, registry).ok())
    return state.SkipWithError("not registered");
  auto stage =
      retort::PluginStage::Create(*registry.Find("trivial"), {.stage_name = "trivial", .values = {}, .models = {}});
  if (!stage.ok()) return state.SkipWithError("not created");
  Run(state, **stage);
}

void BM_GreedySample(benchmark::State& state) {
  const retort_sampling greedy = {sizeof greedy, 0, 0, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0};
  std::vector<float> logits(49152);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i * 7919 % 49157) * 1e-3f;
  retort::Record record;
  int32_t token = 0;
  for (auto _ : state) {
    const auto code = retort::HostServices().sample(reinterpret_cast<retort_record*>(&record), &greedy, logits.data(),
                                                    logits.size(), nullptr, 0, 0, &token);
    benchmark::DoNotOptimize(code + token);
  }
}

BENCHMARK(BM_DirectBody)->Arg(1)->Arg(64);
BENCHMARK(BM_ThroughAbi)->Arg(1)->Arg(64);
BENCHMARK(BM_GreedySample);

}  // namespace
