// What drafting from text costs: a block that finds nothing, and one that drafts eight tokens.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "plugins/draft/lookup_drafter.h"
#include "plugins/draft/ngram_drafter.h"
#include "plugins/shared/ngram_store.h"

namespace {

using retort_stages::NgramStore;
using retort_stages::TokenSet;
using Tokens = std::vector<int32_t>;

constexpr TokenSet kSet = {49152, 1};

/// Tokens by Zipf's law.
Tokens Text(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  Tokens tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int32_t>(std::exp(uniform(random) * std::log(49000.0))));
  return tokens;
}

void BuildStore(benchmark::State& state) {
  const Tokens corpus = Text(static_cast<size_t>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(retort_stages::BuildNgramStore(corpus, kSet));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BuildStore)->Arg(1 << 20)->Arg(10 << 20)->Unit(benchmark::kMillisecond)->Iterations(1);

/// `known`: texts are of the corpus; else they are not, and two tokens of them seldom are.
void SearchStore(benchmark::State& state, bool known) {
  const auto size = static_cast<size_t>(state.range(0));
  const Tokens corpus = Text(size, 1), other = Text(1 << 16, 2);
  const std::string file = retort_stages::BuildNgramStore(corpus, kSet);
  const auto store = NgramStore::Create(std::as_bytes(std::span(file)), "bench", kSet);
  std::mt19937 random(3);
  size_t drafted = 0;
  for (auto _ : state) {
    const Tokens& source = known ? corpus : other;
    const auto text = std::span(source).subspan(random() % (source.size() - 32), 16);
    NgramStore::Match match = store->Longest(text, known ? 2 : 4, 16);
    for (int i = 0; i < 8 && store->Follow(&match); ++i) ++drafted;
  }
  state.counters["drafted"] = benchmark::Counter(static_cast<double>(drafted), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(SearchStore, nothing_found, false)->Arg(1 << 20)->Arg(10 << 20)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(SearchStore, eight_drafted, true)->Arg(1 << 20)->Arg(10 << 20)->Unit(benchmark::kMicrosecond);

/// A token is read and eight are asked for, in a text in which little repeats.
template <typename Make>
void ReadAndDraft(benchmark::State& state, Make make) {
  const std::unique_ptr<drafting::TextDrafter> drafter = make();
  const Tokens text = Text(1 << 20, 4);
  auto memory = drafter->NewMemory();
  size_t drafted = 0, length = 1000;
  for (auto _ : state) {
    if (length == text.size()) {
      memory = drafter->NewMemory();
      length = 1000;
    }
    const auto so_far = std::span(text).first(length++);
    drafter->Read(*memory, so_far);
    drafted += drafter->Continue(*memory, {so_far}, 8).tokens.size();
  }
  state.counters["drafted"] = benchmark::Counter(static_cast<double>(drafted), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(ReadAndDraft, prompt_lookup, [] {
  return std::unique_ptr<drafting::TextDrafter>(new drafting::LookupDrafter(3, 4));
})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ReadAndDraft, ngram, [] {
  return *drafting::NgramDrafter::Create({.min_match = 3, .max_match = 4});
})->Unit(benchmark::kMicrosecond);

}  // namespace
