// MatMul over the matrices of a small llama-family model, for each weight type, precision, rows and threads; and the
// two implementations of wide products side by side, which sets the row count from which oneDNN serves. Counters:
// weight bytes read a second (as if once a step), and multiply-adds as floating-point operations a second.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/ops/cpu/matmul.h"
#include "core/ops/cpu/matrix_tiles.h"
#include "core/ops/ops.h"
#include "tests/perf/floats.h"

namespace retort {
namespace {

struct Shape {
  const char* name;
  int64_t n, k;
};
constexpr Shape kShapes[] = {
    {"qkv", 960, 576}, {"out", 576, 576}, {"gate_up", 3072, 576}, {"down", 576, 1536}, {"logits", 49152, 576}};
constexpr DType kTypes[] = {DType::kQ4_1, DType::kQ4_0, DType::kQ8_0, DType::kF16, DType::kF32};

/// A device with as many copies of a matrix as keep them out of the caches, as the layers of a model do.
struct Bench {
  Bench(DType type, const Shape& shape, int64_t t, int threads)
      : device(std::move(OpenDevice("cpu", threads).value())),
        data(DTypeRowBytes(type, shape.k) * static_cast<size_t>(shape.n)),
        x(Floats(t * shape.k)),
        y(static_cast<size_t>(t * shape.n)) {
    QuantiseRow(type, Floats(shape.n * shape.k).data(), data.data(), shape.n * shape.k);
    const size_t copies = std::max<size_t>(1, (size_t{96} << 20) / data.size());
    for (size_t i = 0; i < copies; ++i) {
      weights.push_back(std::move(
          cpu::GroupedWeight::Pack(arena, device->info().threads, type, data.data(), shape.n, shape.k).value()));
    }
  }
  cpu::MatMulCall Call(size_t i, int64_t t, Precision precision) {
    const cpu::GroupedWeight* const w = weights[i % weights.size()].get();
    return {x.data(), w, y.data(), t, w->n, false, precision, device->info().threads};
  }
  void Report(benchmark::State& state, int64_t t) const {
    const auto rounds = static_cast<double>(state.iterations());
    state.counters["weights"] = benchmark::Counter(rounds * static_cast<double>(data.size()),
                                                   benchmark::Counter::kIsRate, benchmark::Counter::OneK::kIs1000);
    state.counters["flops"] = benchmark::Counter(rounds * 2.0 * static_cast<double>(t * weights[0]->n * weights[0]->k),
                                                 benchmark::Counter::kIsRate, benchmark::Counter::OneK::kIs1000);
  }

  std::shared_ptr<Device> device;
  cpu::WeightArena arena{*device};
  std::vector<std::byte> data;
  std::vector<std::unique_ptr<cpu::GroupedWeight>> weights;
  std::vector<float> x, y;
};

void MatMul(benchmark::State& state, DType type, Shape shape, int64_t t, int threads, Precision precision) {
  Bench bench(type, shape, t, threads);
  cpu::MatMulList list;
  size_t i = 0;
  for (auto _ : state) {
    if (!list.Run(bench.Call(i++, t, precision)).ok()) return state.SkipWithError("MatMul failed");
  }
  bench.Report(state, t);
}

void Implementation(benchmark::State& state, std::unique_ptr<cpu::MatMulImplementation> (*make)(), DType type,
                    int64_t t) {
  Bench bench(type, {"gate_up", 3072, 576}, t, 0);
  const auto implementation = make();
  size_t i = 0;
  for (auto _ : state) {
    if (!implementation->Run(bench.Call(i++, t, Precision::kFast)).ok()) return state.SkipWithError("MatMul failed");
  }
  bench.Report(state, t);
}

const bool kRegistered = [] {
  for (const DType type : kTypes) {
    for (const Shape& shape : kShapes) {
      for (const int64_t t : {1, 2, 4, 8, 16, 128}) {
        if (shape.n > 4000 && t > 8) continue;
        for (const int threads : {1, 0}) {
          for (const Precision precision : {Precision::kFast, Precision::kExact}) {
            std::string name = "matmul/";
            name.append(DTypeName(type)).append("/").append(shape.name).append("/rows:").append(std::to_string(t));
            name.append(threads == 0 ? "/threads:all" : "/threads:1")
                .append(precision == Precision::kFast ? "/fast" : "/exact");
            benchmark::RegisterBenchmark(name.c_str(), MatMul, type, shape, t, threads, precision)->UseRealTime();
          }
        }
      }
    }
    for (const int64_t t : {2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256}) {
      std::string end = "/";
      end.append(DTypeName(type)).append("/rows:").append(std::to_string(t));
      benchmark::RegisterBenchmark(("wide/onednn-f32" + end).c_str(), Implementation, cpu::MakeOneDnnMatMul, type, t)
          ->UseRealTime();
      benchmark::RegisterBenchmark(("wide/simd-f32" + end).c_str(), Implementation, cpu::MakeFloatMatMul, type, t)
          ->UseRealTime();
      if (cpu::HasMatrixTiles()) {
        benchmark::RegisterBenchmark(("wide/amx-bf16" + end).c_str(), Implementation, cpu::MakeBFloat16MatMul, type, t)
            ->UseRealTime();
      }
      if (!DTypeIsQuantised(type)) continue;
      benchmark::RegisterBenchmark(("wide/simd-int8" + end).c_str(), Implementation, cpu::MakeQuantisedMatMul, type, t)
          ->UseRealTime();
    }
  }
  return true;
}();

}  // namespace
}  // namespace retort
