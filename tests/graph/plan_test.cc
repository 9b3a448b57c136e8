#include "core/graph/plan.h"

#include <gtest/gtest.h>

#include "core/model/gguf.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

constexpr const char* kLoop = R"(retort: 1
name: loop
engine: { credits: 4, max_cycles: 77 }
stages:
  read: { uses: read-jsonl, with: { path: in } }
  work: { uses: pick, max_batch: 5 }
  write: { uses: write-jsonl, with: { path: out } }
edges:
  - read -> work
  - work.kept -> write
  - { from: work.left, to: work, back: true }
)";

TEST(Plan, ShowsPortsCyclesAndBounds) {
  const Registry registry = testing::MakeSampleRegistry();
  const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", kLoop), registry, {});
  ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  const auto plan = MakePlan(loaded.description, "loop.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  const std::string text = PlanText(*plan);
  for (const char* part :
       {"work  uses pick: up to 5 records a call", "in   records (record)", "out  kept (record) -> write",
        "out  left (record) -> work (back)", "out  scores (score) -> done", "work -> work: at most 77 turns a record",
        "at most 4 records and 256 MiB of JSON in flight"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  const auto json = PlanJson(*plan);
  EXPECT_EQ(json.at("cycles")[0].at("path"), nlohmann::ordered_json({"work"}));
  EXPECT_EQ(json.at("stages")[1].at("outputs")[1].at("back"), true);
  EXPECT_EQ(json.at("engine").at("credits"), 4);
}

TEST(Plan, ShowsWhichStagesRunInProcessesOfTheirOwn) {
  const Registry registry = testing::MakeSampleRegistry();
  std::string text = kLoop;
  text.replace(text.find("path: out }"), 11, "path: out }, isolation: process, timeout: 1.5");
  const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
  ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  const auto plan = MakePlan(loaded.description, "loop.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_NE(PlanText(*plan).find(", in a process of its own, 1.5 s a call at most\n"), std::string::npos)
      << PlanText(*plan);
  const auto json = PlanJson(*plan);
  EXPECT_EQ(json.at("stages")[2].at("isolation"), "process");
  EXPECT_EQ(json.at("stages")[2].at("timeout_s"), 1.5);
  EXPECT_EQ(json.at("stages")[1].at("isolation"), "none");
}

TEST(Plan, NamesEveryModelThatIsNotThere) {
  const Registry registry = testing::MakeSampleRegistry();
  std::string text = kLoop;
  text.replace(text.find("stages:"), 0, "models:\n  a: { source: no/such.gguf }\n  b: { source: neither.gguf }\n");
  const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
  ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  const auto plan = MakePlan(loaded.description, "loop.yaml");
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), StatusCode::kNotFound);
  EXPECT_NE(plan.status().message().find("loop.yaml:5:3: error: model `a`"), std::string::npos)
      << plan.status().message();
  EXPECT_NE(plan.status().message().find("loop.yaml:6:3: error: model `b`"), std::string::npos)
      << plan.status().message();
}

TEST(Plan, ForeseesWhatTheModelTakes) {
  const Registry registry = testing::MakeSampleRegistry();
  for (const char* precision : {"fast", "exact"}) {
    std::string text = kLoop;
    text.insert(text.find("stages:"),
                std::string("models:\n  m: { source: smollm2-135m-instruct, context_length: 64, precision: ") +
                    precision + " }\n");
    const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
    ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
    const auto plan = MakePlan(loaded.description, "loop.yaml");
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
    const auto model = Model::Load(loaded.description.models[0].config);
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    ASSERT_EQ(plan->models.size(), 1u);
    const PlannedModel& planned = plan->models[0];
    EXPECT_EQ(planned.kv_bytes_per_token, (*model)->kv_bytes_per_token());
    EXPECT_EQ(planned.kv_bytes_bound, (*model)->kv_bytes_per_token() * 64 * 4);
    EXPECT_EQ(planned.layers, (*model)->hyper().layers);
    EXPECT_GE((*model)->weight_bytes() * 11, planned.weight_bytes * 10);  // packing may add
  }
}

TEST(Plan, ForeseesWhatNeuronsTake) {
  const Registry registry = testing::MakeSampleRegistry();
  for (const char* weights : {"native", "q8_0", "f16"}) {
    std::string text = kLoop;
    text.insert(text.find("stages:"),
                std::string("models:\n  m: { source: smollm2-135m-instruct, weights: ") + weights + " }\n");
    const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
    const auto plan = MakePlan(loaded.description, "loop.yaml");
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
    const auto model = Model::Load(loaded.description.models[0].config);
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    const int32_t layers = (*model)->hyper().layers;
    ASSERT_TRUE(
        (*model)->Prepare({LayerChoice::All(layers), Sparsity::Even(SparsityKind::kFine, 0.5, 0, 0, layers)}).ok());
    const auto taken = static_cast<double>((*model)->neuron_bytes());
    EXPECT_NEAR(static_cast<double>(plan->models[0].neuron_bytes) / taken, 1, 0.1) << weights << " " << taken;
  }
}

TEST(Plan, CountsWhatAStepReadsAndMultiplies) {
  const auto path = ResolveModelSource("smollm2-135m-instruct");
  ASSERT_TRUE(path.ok()) << path.status().ToString();
  const auto file = GgufFile::Open(*path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  // 134,515,008 parameters, tied: all are read. 35,136 of them are norms and stay floats.
  const auto bytes = WorkOfStep(**file, "q8_0"), floats = WorkOfStep(**file, "f32");
  ASSERT_TRUE(bytes.ok() && floats.ok());
  EXPECT_EQ(bytes->bytes, (134515008u - 35136u) / 32 * 34 + 35136u * 4);
  EXPECT_EQ(bytes->quantised_products, 134515008u - 35136u);
  EXPECT_EQ(bytes->float_products, 0u);
  EXPECT_EQ(floats->bytes, 134515008u * 4);
  EXPECT_EQ(floats->quantised_products, 0u);
  EXPECT_EQ(floats->float_products, 134515008u - 35136u);
  EXPECT_FALSE(WorkOfStep(**file, "q9").ok());
}

TEST(Plan, SaysHowLongStepsTakeAtLeast) {
  const Registry registry = testing::MakeSampleRegistry();
  std::string text = kLoop;
  text.replace(text.find("stages:"), 0, "models:\n  m: { source: smollm2-135m-instruct }\n");
  const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
  auto plan = MakePlan(loaded.description, "loop.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_FALSE(PlanJson(*plan).at("models")[0].contains("steps")) << "nothing was measured";
  const Calibration machine{1, 10e9, 100e9, 200e9, 0};
  EstimateSteps(machine, &*plan);
  const PlannedModel& model = plan->models[0];
  ASSERT_EQ(model.steps.size(), 3u);
  const double reading = (static_cast<double>(model.step.work.bytes) + 256.0 * 22.5 * 1024) / 10e9;
  EXPECT_NEAR(model.steps[0].seconds, reading, reading * 1e-6) << "one token is bound by memory";
  const double products = 2 * 16 *
                          (static_cast<double>(model.step.work.quantised_products) / 200e9 +
                           static_cast<double>(model.step.work.float_products) / 100e9);
  const double attention = 4.0 * 16 * 256 * 30 * 9 * 64 / 100e9;
  EXPECT_NEAR(model.steps[2].seconds, products + attention, products * 1e-6) << "sixteen by arithmetic";
  EXPECT_NE(PlanText(*plan).find("a step of 16 sequences at least"), std::string::npos);
}

TEST(Plan, WarnsOfWeightsLargerThanTheMemory) {
  const Registry registry = testing::MakeSampleRegistry();
  std::string text = kLoop;
  text.replace(text.find("stages:"), 0, "models:\n  a: { source: x.gguf }\n  b: { source: y.gguf }\n");
  const LoadedPipeline loaded = LoadPipeline(SourceText("loop.yaml", text), registry, {});
  Plan plan{&loaded.description, "loop.yaml", {}};
  for (const char* name : {"a", "b"}) {
    PlannedModel model;
    model.name = name;
    model.device = "cpu";
    model.weight_bytes = uint64_t{3} << 30;
    model.kv_bytes_per_token = 1 << 20;
    model.context_length = 1024;
    model.kv_bytes_bound = uint64_t{4} << 30;
    model.device_bytes = uint64_t{5} << 30;
    plan.models.push_back(model);
  }
  const auto warnings = MemoryWarnings(plan);
  ASSERT_EQ(warnings.size(), 1u) << "one fits, two do not";
  EXPECT_EQ(warnings[0].place, (Place{6, 3}));
  EXPECT_EQ(warnings[0].message,
            "model `b`: its weights take 6.0 GiB with those of the models before it, and `cpu` has 5.0 GiB");
  EXPECT_NE(PlanText(plan).find("of 5.0 GiB that the device has: room for 2 such records"), std::string::npos);
  plan.models[0].weight_bytes = uint64_t{6} << 30;
  EXPECT_EQ(MemoryWarnings(plan).size(), 2u);
  EXPECT_NE(PlanText(plan).find("not even the weights fit"), std::string::npos);
  for (PlannedModel& model : plan.models) model.device_bytes = 0;
  EXPECT_TRUE(MemoryWarnings(plan).empty()) << "unknown memory is no fault";
}

TEST(BytesText, ChoosesTheUnit) {
  EXPECT_EQ(BytesText(17), "17 B");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(256u << 20), "256 MiB");
  EXPECT_EQ(BytesText(uint64_t{3} << 40), "3.0 TiB");
}

}  // namespace
}  // namespace retort
