#include "core/ops/cpu/cpu_neurons.h"

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/neuron_lists.h"
#include "core/ops/ref/ref_neurons.h"

namespace retort::cpu {

Result<std::unique_ptr<PackedNeurons>> CpuNeurons::Pack(std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                                        const PackedWeight& down) {
  RETORT_ASSIGN_OR_RETURN(const DType type, CheckNeuronMatrices(gate_up, down));
  RETORT_ASSIGN_OR_RETURN(auto packed, NeuronWeight::Pack(arena_, threads_, type, gate_up, down));
  return std::unique_ptr<PackedNeurons>(std::move(packed));
}

Result<std::unique_ptr<PackedWeight>> CpuNeurons::FirstRows(const PackedWeight& w, int64_t n) {
  RETORT_RETURN_IF_ERROR(CheckFirstRows(w, n));
  return std::unique_ptr<PackedWeight>(static_cast<const GroupedWeight&>(w).FirstRows(n));
}

Status CpuNeurons::FeedForward(const RowSource& rows, const float* silu, const PackedNeurons& w,
                               std::span<const NeuronList> lists, float* y, int64_t t, Precision precision, Stream&) {
  feed_forward_.Run(rows, silu, static_cast<const NeuronWeight&>(w), lists, y, t, precision, threads_);
  return {};
}

Status CpuNeurons::Choose(float* gate, int64_t t, int64_t f, const NeuronRule& rule, NeuronLists* lists, Stream&) {
  const int64_t room = f + kListSlack;
  lists->neurons.resize(static_cast<size_t>((rule.shared ? 1 : t) * room));
  lists->of_row.resize(static_cast<size_t>(t));
  int32_t* const to = lists->neurons.data();
  ParallelFor(t, 1, threads_, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* const silu = gate + row * f;
      SiluInPlace(silu, f);
      if (rule.shared) continue;
      const int64_t count = ListNeurons(silu, f, rule, to + row * room);
      lists->of_row[static_cast<size_t>(row)] = {to + row * room, static_cast<size_t>(count)};
    }
  });
  if (!rule.shared) return {};
  lists->sums.assign(static_cast<size_t>(f), 0);
  for (int64_t row = 0; row < t; ++row) AddMagnitudes(gate + row * f, f, lists->sums.data());
  const int64_t count = ListNeurons(lists->sums.data(), f, rule, to);
  for (NeuronList& list : lists->of_row) list = {to, static_cast<size_t>(count)};
  return {};
}

Status CpuNeurons::AddShares(const float* z, int64_t t, int64_t f, float* sums, Stream&) {
  weights_.resize(static_cast<size_t>(t));
  ParallelFor(t, 8, threads_, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float squares = SumOfSquares(z + row * f, f);
      weights_[static_cast<size_t>(row)] = squares > 0 ? 1 / squares : 0;
    }
  });
  ParallelFor(f, 256, threads_, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < t; ++row) AddSquares(z + row * f, weights_[static_cast<size_t>(row)], begin, end, sums);
  });
  return {};
}

}  // namespace retort::cpu
