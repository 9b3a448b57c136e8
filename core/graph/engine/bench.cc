#include "core/graph/engine/bench.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/task_arena.h>

#include "core/graph/engine/engine.h"

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;
using FlowNode = tbb::flow::function_node<Record*, Record*>;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double NanosecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

// Creates `records` records, as many a call as it may.
class CountingSource final : public StageBody {
 public:
  explicit CountingSource(uint64_t records, std::function<void(uint64_t)> on_call = {})
      : left_(records), on_call_(std::move(on_call)) {}
  Status Process(StageContext& context, std::span<Record* const>, size_t want, bool* end) override {
    for (; want > 0 && left_ > 0; --want, --left_) {
      RETORT_ASSIGN_OR_RETURN(Record * record, context.Create());
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    if (on_call_) on_call_(left_);
    *end = left_ == 0;
    return {};
  }

 private:
  uint64_t left_;
  std::function<void(uint64_t)> on_call_;
};

// Hands records on: to port 1 while they have taken fewer than `laps` back edges, else to port 0; without ports it
// completes them.
class Relay final : public StageBody {
 public:
  explicit Relay(uint32_t ports, uint32_t laps = 0) : ports_(ports), laps_(laps) {}
  Status Process(StageContext& context, std::span<Record* const> records, size_t, bool*) override {
    for (Record* record : records) {
      RETORT_RETURN_IF_ERROR(ports_ == 0 ? context.Complete(record)
                                         : context.Emit(record->cycles < laps_ ? 1 : 0, record));
    }
    return {};
  }

 private:
  uint32_t ports_, laps_;
};

std::string HopName(uint32_t hop) { return "hop" + std::to_string(hop); }

// A source and `hops` stages; the last one completes, or sends back to the first for `laps` laps.
Result<double> EngineNanoseconds(const EngineBenchOptions& bench, uint64_t records, uint32_t max_batch, uint32_t laps) {
  Engine engine({.credits = 256, .threads = bench.threads});
  StageOptions source{.name = "source", .inputs = 0};
  RETORT_RETURN_IF_ERROR(engine.AddStage(source, std::make_unique<CountingSource>(records)));
  for (uint32_t h = 0; h < bench.hops; ++h) {
    bool last = h + 1 == bench.hops;
    uint32_t ports = last ? (laps > 0 ? 2 : 0) : 1;
    StageOptions hop{.name = HopName(h), .outputs = ports, .max_batch = max_batch, .optional_outputs = {last}};
    if (ports == 0) hop.optional_outputs.clear();
    RETORT_RETURN_IF_ERROR(engine.AddStage(hop, std::make_unique<Relay>(ports, last ? laps : 0)));
    RETORT_RETURN_IF_ERROR(engine.Connect(h == 0 ? "source" : HopName(h - 1), 0, HopName(h), false));
    if (last && laps > 0) RETORT_RETURN_IF_ERROR(engine.Connect(HopName(h), 1, HopName(0), true));
  }
  RunReport report = engine.Run();
  RETORT_RETURN_IF_ERROR(report.status);
  if (report.completed != records) return Internal("engine bench: records were lost");
  return report.seconds * 1e9;
}

// The same shape without the engine.
double BareNanoseconds(const EngineBenchOptions& bench, uint64_t records) {
  tbb::task_arena arena(bench.threads > 0 ? bench.threads : tbb::task_arena::automatic);
  return arena.execute([&] {
    Record record;
    Clock::time_point begin = Clock::now();
    tbb::flow::graph graph;
    tbb::flow::input_node<Record*> input(graph, [&, left = records](tbb::flow_control& control) mutable -> Record* {
      if (left-- == 0) control.stop();
      return &record;
    });
    std::vector<std::unique_ptr<FlowNode>> hops;
    for (uint32_t h = 0; h < bench.hops; ++h) {
      hops.push_back(std::make_unique<FlowNode>(graph, tbb::flow::serial, [](Record* r) { return r; }));
      if (h == 0) {
        tbb::flow::make_edge(input, *hops[0]);
      } else {
        tbb::flow::make_edge(*hops[h - 1], *hops[h]);
      }
    }
    input.activate();
    graph.wait_for_all();
    return NanosecondsSince(begin);
  });
}

double BareRingNanoseconds(const EngineBenchOptions& bench, uint64_t laps) {
  using Decision = tbb::flow::multifunction_node<Record*, std::tuple<Record*>>;
  tbb::task_arena arena(bench.threads > 0 ? bench.threads : tbb::task_arena::automatic);
  return arena.execute([&] {
    Record record;
    Clock::time_point begin = Clock::now();
    tbb::flow::graph graph;
    std::vector<std::unique_ptr<FlowNode>> hops;
    for (uint32_t h = 0; h + 1 < bench.hops; ++h) {
      hops.push_back(std::make_unique<FlowNode>(graph, tbb::flow::serial, [](Record* r) { return r; }));
      if (h > 0) tbb::flow::make_edge(*hops[h - 1], *hops[h]);
    }
    Decision last(graph, tbb::flow::serial, [left = laps](Record* r, Decision::output_ports_type& ports) mutable {
      if (left-- > 0) std::get<0>(ports).try_put(r);
    });
    tbb::flow::make_edge(*hops.back(), last);
    tbb::flow::make_edge(tbb::flow::output_port<0>(last), *hops[0]);
    hops[0]->try_put(&record);
    graph.wait_for_all();
    return NanosecondsSince(begin);
  });
}

Status MeasureFlow(EngineBench& bench) {
  const uint64_t records = bench.options.flow_records;
  uint64_t base = 0, peak = 0;
  auto watch = [&](uint64_t left) {
    uint64_t done = records - left;
    if (done * 20 < records) return;
    if (base == 0) base = ResidentBytes();
    peak = std::max(peak, ResidentBytes());
  };
  Engine engine({.credits = 256, .threads = bench.options.threads});
  auto add = [&](const char* name, uint32_t inputs, uint32_t outputs, std::unique_ptr<StageBody> body) {
    return engine.AddStage({.name = name, .inputs = inputs, .outputs = outputs, .max_batch = 16}, std::move(body));
  };
  RETORT_RETURN_IF_ERROR(add("read", 0, 1, std::make_unique<CountingSource>(records, watch)));
  RETORT_RETURN_IF_ERROR(add("prepare", 1, 1, std::make_unique<Relay>(1)));
  RETORT_RETURN_IF_ERROR(add("draft", 1, 1, std::make_unique<Relay>(1)));
  RETORT_RETURN_IF_ERROR(add("verify", 1, 2, std::make_unique<Relay>(2, 1)));
  RETORT_RETURN_IF_ERROR(add("write", 1, 0, std::make_unique<Relay>(0)));
  RETORT_RETURN_IF_ERROR(engine.Connect("read", 0, "prepare", false));
  RETORT_RETURN_IF_ERROR(engine.Connect("prepare", 0, "draft", false));
  RETORT_RETURN_IF_ERROR(engine.Connect("draft", 0, "verify", false));
  RETORT_RETURN_IF_ERROR(engine.Connect("verify", 1, "draft", true));
  RETORT_RETURN_IF_ERROR(engine.Connect("verify", 0, "write", false));
  RunReport report = engine.Run();
  RETORT_RETURN_IF_ERROR(report.status);
  if (report.completed != records || !report.conserved()) return Internal("engine bench: records were lost");
  bench.flow_records_per_second = static_cast<double>(records) / report.seconds;
  bench.flow_resident_mib = static_cast<double>(base) / (1 << 20);
  bench.flow_resident_growth = base == 0 ? 0 : static_cast<double>(peak) / static_cast<double>(base) - 1;
  return {};
}

}  // namespace

uint64_t ResidentBytes() {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> statm(std::fopen("/proc/self/statm", "r"), &std::fclose);
  unsigned long total = 0, resident = 0;
  if (!statm || std::fscanf(statm.get(), "%lu %lu", &total, &resident) != 2) return 0;
  return uint64_t{resident} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<EngineBench> RunEngineBench(const EngineBenchOptions& options) {
  if (options.hops < 2 || options.repeats == 0 || options.records == 0 || options.flow_records == 0) {
    return InvalidArgument("engine bench: expected hops >= 2 and at least one repeat, record and flow record");
  }
  EngineBench bench;
  bench.options = options;
  bench.threads = options.threads > 0 ? options.threads : tbb::this_task_arena::max_concurrency();
  RETORT_RETURN_IF_ERROR(MeasureFlow(bench));  // first, while the process is small

  const double hops = static_cast<double>(options.hops) * options.records;
  std::vector<double> bare, engine, batched, ratio, bare_ring, engine_ring, ring_ratio;
  for (uint32_t r = 0; r <= options.repeats; ++r) {
    double bare_ns = BareNanoseconds(options, options.records) / hops;
    RETORT_ASSIGN_OR_RETURN(double engine_ns, EngineNanoseconds(options, options.records, 1, 0));
    RETORT_ASSIGN_OR_RETURN(double batched_ns, EngineNanoseconds(options, options.records, 64, 0));
    double bare_ring_ns = BareRingNanoseconds(options, options.records) / hops;
    RETORT_ASSIGN_OR_RETURN(double engine_ring_ns, EngineNanoseconds(options, 1, 1, options.records));
    if (r == 0) continue;  // warms up
    bare.push_back(bare_ns);
    engine.push_back(engine_ns / hops);
    batched.push_back(batched_ns / hops);
    ratio.push_back(engine.back() / bare_ns);
    bare_ring.push_back(bare_ring_ns);
    engine_ring.push_back(engine_ring_ns / hops);
    ring_ratio.push_back(engine_ring.back() / bare_ring_ns);
  }
  bench.bare_hop_ns = Median(bare);
  bench.engine_hop_ns = Median(engine);
  bench.batched_hop_ns = Median(batched);
  bench.hop_ratio = Median(ratio);
  bench.least_hop_ratio = *std::min_element(ratio.begin(), ratio.end());
  bench.bare_ring_ns = Median(bare_ring);
  bench.engine_ring_ns = Median(engine_ring);
  bench.ring_ratio = Median(ring_ratio);
  return bench;
}

nlohmann::ordered_json EngineBench::ToJson() const {
  return {{"threads", threads},
          {"repeats", options.repeats},
          {"records", options.records},
          {"hops", options.hops},
          {"bare_hop_ns", bare_hop_ns},
          {"engine_hop_ns", engine_hop_ns},
          {"batched_hop_ns", batched_hop_ns},
          {"hop_ratio", hop_ratio},
          {"least_hop_ratio", least_hop_ratio},
          {"hop_ratio_bar", 1.5},
          {"bare_ring_ns", bare_ring_ns},
          {"engine_ring_ns", engine_ring_ns},
          {"ring_ratio", ring_ratio},
          {"flow_records", options.flow_records},
          {"flow_records_per_second", flow_records_per_second},
          {"flow_resident_mib", flow_resident_mib},
          {"flow_resident_growth", flow_resident_growth}};
}

}  // namespace retort
