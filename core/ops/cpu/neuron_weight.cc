#include "core/ops/cpu/neuron_weight.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/device/cpu/parallel.h"

namespace retort::cpu {
namespace {

/// A row as q8_0, bit for bit where it is that already.
void TakeBlocks(const GroupedWeight& from, int64_t row, BlockQ8_0* out) {
  if (from.type != DType::kQ8_0) {
    std::vector<float> values(static_cast<size_t>(from.k));
    from.ExpandRow(row, values.data());
    QuantiseRow(DType::kQ8_0, values.data(), out, from.k);
    return;
  }
  const auto* const group = reinterpret_cast<const GroupQ8_0*>(from.Group(row / kGroupRows));
  const int64_t lane = row % kGroupRows;
  for (int64_t b = 0; b < from.k / kQuantBlock; ++b) {
    out[b].d = group[b].d[lane];
    for (int i = 0; i < kQuantBlock; ++i) out[b].q[i] = static_cast<int8_t>(group[b].q[i / 4][lane][i % 4] - 128);
  }
}

/// Elements in a float type; QuantiseRow takes whole blocks, which are of one element there.
void PutFloats(DType type, const float* values, int64_t count, std::byte* row, int64_t begin) {
  QuantiseRow(type, values, row + DTypeRowBytes(type, begin), count);
}

}  // namespace

NeuronLayout::NeuronLayout(DType type, int64_t k) : stride((k + kStride - 1) / kStride * kStride) {
  if (type != DType::kQ8_0) {
    up = DTypeRowBytes(type, stride);
    down = 2 * up;
    bytes = 3 * up;
    return;
  }
  constexpr size_t kLine = 64;
  const auto row = static_cast<size_t>(stride), of_scales = static_cast<size_t>(3 * blocks()) * sizeof(uint16_t);
  scales = row;
  up = scales + (of_scales + kLine - 1) / kLine * kLine;
  down = up + row;
  bytes = down + row;
}

void NeuronWeight::PackRow(const GroupedWeight& from, int64_t row, int64_t neuron, bool is_up) {
  std::byte* const to = Neuron(neuron);
  std::byte* const elements = to + (is_up ? layout_.up : 0);
  if (type != DType::kQ8_0) {
    std::vector<float> values(static_cast<size_t>(k));
    from.ExpandRow(row, values.data());
    return PutFloats(type, values.data(), k, elements, 0);
  }
  std::vector<BlockQ8_0> blocks(static_cast<size_t>(k / kQuantBlock));
  TakeBlocks(from, row, blocks.data());
  auto* const scales = reinterpret_cast<uint16_t*>(to + layout_.scales) + (is_up ? layout_.blocks() : 0);
  std::memset(elements, 128, static_cast<size_t>(layout_.stride));
  for (size_t b = 0; b < blocks.size(); ++b) {
    scales[b] = blocks[b].d;
    for (size_t i = 0; i < kQuantBlock; ++i)
      elements[b * kQuantBlock + i] = static_cast<std::byte>(static_cast<uint8_t>(blocks[b].q[i]) ^ 0x80u);
  }
}

void NeuronWeight::PackColumns(const GroupedWeight& down, int64_t begin) {
  const int64_t count = std::min<int64_t>(kQuantBlock, k - begin);
  std::vector<float> rows(static_cast<size_t>(count * neurons));
  for (int64_t i = 0; i < count; ++i) down.ExpandRow(begin + i, rows.data() + i * neurons);
  std::array<float, kQuantBlock> column = {};
  for (int64_t neuron = 0; neuron < neurons; ++neuron) {
    for (int64_t i = 0; i < count; ++i)
      column[static_cast<size_t>(i)] = rows[static_cast<size_t>(i * neurons + neuron)];
    std::byte* const to = Neuron(neuron);
    if (type != DType::kQ8_0) {
      PutFloats(type, column.data(), count, to + layout_.down, begin);
      continue;
    }
    BlockQ8_0 block;
    QuantiseRow(DType::kQ8_0, column.data(), &block, kQuantBlock);
    auto* const scales = reinterpret_cast<uint16_t*>(to + layout_.scales) + 2 * layout_.blocks();
    scales[begin / kQuantBlock] = block.d;
    std::memcpy(to + layout_.down + begin, block.q, kQuantBlock);
  }
}

Result<std::unique_ptr<NeuronWeight>> NeuronWeight::Pack(WeightArena& arena, int threads, DType type,
                                                         std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                                         const PackedWeight& down) {
  auto weight = std::make_unique<NeuronWeight>();
  weight->type = type;
  weight->neurons = down.k;
  weight->k = down.n;
  weight->layout_ = NeuronLayout(type, down.n);
  RETORT_ASSIGN_OR_RETURN(weight->memory_, arena.Allocate(weight->owned_bytes()));
  const int64_t f = weight->neurons;
  ParallelFor(f, 16, threads, [&](int64_t begin, int64_t end) {
    std::memset(weight->Neuron(begin), 0, static_cast<size_t>(end - begin) * weight->layout_.bytes);
    for (int64_t neuron = begin; neuron < end; ++neuron) {
      for (const bool is_up : {false, true}) {
        int64_t row = neuron + (is_up ? f : 0);
        size_t part = 0;
        for (; row >= gate_up[part]->n; ++part) row -= gate_up[part]->n;
        weight->PackRow(static_cast<const GroupedWeight&>(*gate_up[part]), row, neuron, is_up);
      }
    }
  });
  ParallelFor((weight->k + kQuantBlock - 1) / kQuantBlock, 1, threads, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      weight->PackColumns(static_cast<const GroupedWeight&>(down), block * kQuantBlock);
  });
  return weight;
}

}  // namespace retort::cpu
