// The operations beside MatMul at the shapes of a small llama-family model, and a bare fork and join.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/device/cpu/parallel.h"
#include "core/ops/ops.h"
#include "tests/perf/floats.h"

namespace retort {
namespace {

constexpr int kHeads = 9, kKvHeads = 3, kDim = 64;

struct Machine {
  std::shared_ptr<Device> device = std::move(OpenDevice("cpu").value());
  std::unique_ptr<OpSet> ops = std::move(MakeOpSet(*device).value());
  std::unique_ptr<Stream> stream = std::move(device->CreateStream().value());
};

void Check(benchmark::State& state, const Status& status) {
  if (!status.ok()) state.SkipWithError(status.message().c_str());
}

void ForkAndJoin(benchmark::State& state) {
  std::vector<int64_t> sums(64);
  for (auto _ : state) {
    ParallelFor(2, 1, 2, [&](int64_t begin, int64_t) { sums[static_cast<size_t>(begin) * 32] += begin; });
    benchmark::ClobberMemory();
  }
}
BENCHMARK(ForkAndJoin)->UseRealTime();

void RmsNorm(benchmark::State& state) {
  Machine machine;
  const int64_t t = state.range(0), k = 576;
  const std::vector<float> x = Floats(t * k), weight = Floats(k);
  std::vector<float> out(x.size());
  for (auto _ : state)
    Check(state, machine.ops->RmsNorm(x.data(), weight.data(), 1e-5f, out.data(), t, k, *machine.stream));
}
BENCHMARK(RmsNorm)->Arg(1)->Arg(8)->Arg(128)->UseRealTime();

void SiluMul(benchmark::State& state) {
  Machine machine;
  const int64_t t = state.range(0), f = 1536;
  const std::vector<float> gate_up = Floats(t * 2 * f);
  std::vector<float> out(static_cast<size_t>(t * f));
  for (auto _ : state) Check(state, machine.ops->SiluMul(gate_up.data(), out.data(), t, f, *machine.stream));
}
BENCHMARK(SiluMul)->Arg(1)->Arg(8)->Arg(128)->UseRealTime();

void Rope(benchmark::State& state) {
  Machine machine;
  const int64_t t = state.range(0), ld = (kHeads + 2 * kKvHeads) * kDim;
  std::vector<float> qkv = Floats(t * ld);
  const std::vector<float> inv_freq = Floats(kDim / 2);
  std::vector<int32_t> positions;
  for (int32_t i = 0; i < t; ++i) positions.push_back(100 + i);
  for (auto _ : state) {
    Check(state, machine.ops->Rope(qkv.data(), qkv.data() + kHeads * kDim, positions.data(), inv_freq.data(), t, kHeads,
                                   kKvHeads, kDim, kDim, ld, false, *machine.stream));
  }
}
BENCHMARK(Rope)->Arg(1)->Arg(8)->Arg(128)->UseRealTime();

}  // namespace
}  // namespace retort
