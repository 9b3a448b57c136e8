// Attention over the paged cache: decoding and prefill, at the heads of SmolLM2-135M and at 32 heads of 128 over 8.
// Counters: FLOP/s counts two operations a product of queries with keys and of weights with values; bytes are the keys
// and values that the rows of a sequence see, once.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "core/model/kv_cache.h"
#include "core/ops/ops.h"
#include "core/tensor/dtype.h"
#include "tests/perf/floats.h"

namespace retort {
namespace {

struct Heads {
  int heads, kv_heads, dim;
};
constexpr Heads kSmall{9, 3, 64}, kLarge{32, 8, 128};

/// Arguments: sequences, tokens stored before the step, rows of each in the step, threads. Layers enough that the keys
/// and values of a step come from memory, as those of a whole model do. The rows are a chain, or a tree whose nodes
/// hang on the one four before them.
void Attend(benchmark::State& state, const Heads& shape, DType type, bool tree = false) {
  const auto device = std::move(OpenDevice("cpu", static_cast<int>(state.range(3))).value());
  const auto ops = std::move(MakeOpSet(*device).value());
  const auto stream = std::move(device->CreateStream().value());
  const int64_t sequences = state.range(0), past = state.range(1), fresh = state.range(2);
  const int64_t pages = (past + fresh + kKvPageTokens - 1) / kKvPageTokens;
  KvLayout layout{1, shape.kv_heads, shape.dim, type};
  const auto layer_bytes = static_cast<int64_t>(layout.page_bytes()) * pages * sequences;
  layout.layers = static_cast<int>(std::clamp<int64_t>((int64_t{160} << 20) / layer_bytes, 1, 30));
  const auto elements = static_cast<int64_t>(layout.page_bytes() / (type == DType::kF32 ? 4 : 2));
  std::vector<std::byte> noise(layout.page_bytes());
  QuantiseRow(type, Floats(elements).data(), noise.data(), elements);
  KvPagePool pool(*device, layout);
  std::vector<std::vector<void*>> tables(static_cast<size_t>(sequences));
  std::vector<AttentionRow> rows;
  int64_t seen = 0;
  for (std::vector<void*>& table : tables) {
    for (int64_t p = 0; p < pages; ++p) {
      table.push_back(KvPagePool::Address(*pool.Acquire()));
      std::copy(noise.begin(), noise.end(), static_cast<std::byte*>(table.back()));
    }
    for (int64_t i = 0; i < fresh; ++i) {
      AttentionRow row{table.data(), static_cast<int32_t>(past + i)};
      if (tree) {
        const uint64_t above = i < 4 ? 0 : rows[rows.size() - 4].path;
        row = {table.data(), static_cast<int32_t>(past + i / 4), static_cast<int32_t>(past), above | uint64_t{1} << i};
      }
      rows.push_back(row);
      seen += row.position + 1;
    }
  }
  const int64_t width = int64_t{shape.heads} * shape.dim;
  const std::vector<float> q = Floats(static_cast<int64_t>(rows.size()) * width);
  std::vector<float> out(q.size());
  int layer = 0;
  for (auto _ : state) {
    const Status status = ops->Attention(q.data(), width, rows, layout, layer, shape.heads, 0.125f, out.data(),
                                         type == DType::kF32 ? Precision::kExact : Precision::kFast, *stream);
    if (!status.ok()) state.SkipWithError(status.message().c_str());
    layer = (layer + 1) % layout.layers;
  }
  const auto steps = static_cast<double>(state.iterations());
  state.counters["FLOP"] =
      benchmark::Counter(steps * 4.0 * static_cast<double>(seen * width), benchmark::Counter::kIsRate);
  const double bytes = 2.0 * static_cast<double>((past + fresh) * sequences * shape.kv_heads * shape.dim) *
                       (type == DType::kF32 ? 4 : 2);
  state.counters["bytes"] = benchmark::Counter(steps * bytes, benchmark::Counter::kIsRate);
}

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"sequences", "past", "rows", "threads"})->UseRealTime();
  for (const int64_t threads : {1, 2}) {
    for (const int64_t past : {128, 1024, 4096}) bench->Args({1, past, 1, threads});
    bench->Args({16, 512, 1, threads})->Args({1, 1024, 8, threads});
    for (const int64_t past : {0, 4096}) {
      for (const int64_t rows : {128, 512, 1024}) bench->Args({1, past, rows, threads});
    }
  }
}
void TreeShapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"sequences", "past", "rows", "threads"})->UseRealTime();
  for (const int64_t past : {128, 1024}) {
    for (const int64_t rows : {8, 24, 64}) bench->Args({1, past, rows, 1});
  }
}
BENCHMARK_CAPTURE(Attend, tree_9x3x64_f16, kSmall, DType::kF16, true)->Apply(TreeShapes);
BENCHMARK_CAPTURE(Attend, 9x3x64_f16, kSmall, DType::kF16)->Apply(Shapes);
BENCHMARK_CAPTURE(Attend, 9x3x64_f32, kSmall, DType::kF32)->Apply(Shapes);
BENCHMARK_CAPTURE(Attend, 32x8x128_f16, kLarge, DType::kF16)->Apply(Shapes);

}  // namespace
}  // namespace retort
