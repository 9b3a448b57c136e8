#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/sparse_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h: its kernels follow the current target.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>

#include "core/ops/cpu/neuron_dots-inl.h"
#include "core/ops/cpu/neuron_sums-inl.h"
#include "core/ops/cpu/quantise_block-inl.h"
#include "core/ops/cpu/quantised_format-inl.h"
#include "core/ops/cpu/sparse_feed_forward.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// Neurons computed at once, and those that follow in the list. Places beyond the chunk's end repeat its last neuron.
struct Group {
  Group(const SparseCall& call, NeuronList list, int64_t begin, int64_t end)
      : count(static_cast<int>(std::min<int64_t>(kGroupNeurons, end - begin))) {
    const auto last = static_cast<int64_t>(list.size()) - 1;
    for (int n = 0; n < kGroupNeurons; ++n) {
      neuron[n] = list[static_cast<size_t>(std::min(begin + n, end - 1))];
      at[n] = call.w->Neuron(neuron[n]);
      next[n] = call.w->Neuron(list[static_cast<size_t>(std::min(begin + n + kGroupNeurons, last))]);
    }
  }
  /// The rows at `offset` of each neuron; their scales are those of matrix 0, 1 or 2.
  HWY_INLINE DotRows Rows(const NeuronLayout& layout, size_t offset, int matrix) const {
    DotRows rows;
    for (int n = 0; n < kGroupNeurons; ++n) {
      rows.elements[n] = at[n] + offset;
      rows.scales[n] = reinterpret_cast<const uint16_t*>(at[n] + layout.scales) + matrix * layout.blocks();
      rows.next[n] = next[n] + offset;
    }
    return rows;
  }
  HWY_INLINE void PrefetchScales(const NeuronLayout& layout) const {
    for (size_t line = layout.scales; line < layout.up; line += 64) {
      for (const std::byte* const neuron_after : next) Ahead(neuron_after + line);
    }
  }

  int count;
  int32_t neuron[kGroupNeurons];
  const std::byte* at[kGroupNeurons];
  const std::byte* next[kGroupNeurons];
};

/// z = silu(gate) * up of the neurons of a group, eight lanes at most, so that its bits depend on no other row.
HWY_INLINE void Gated(const float* gate, const float* up, float* z) {
  const hn::CappedTag<float, kGroupNeurons> d;
  for (int i = 0; i < kGroupNeurons; i += static_cast<int>(hn::Lanes(d))) {
    const auto g = hn::Max(hn::LoadU(d, gate + i), hn::Set(d, -88.0f));  // exp overflows past 88
    const auto silu = hn::Div(g, hn::Add(hn::Set(d, 1.0f), hn::Exp(d, hn::Neg(g))));
    hn::StoreU(hn::Mul(silu, hn::LoadU(d, up + i)), d, z + i);
  }
}

/// Places [begin, end) of the list, for kRows rows of activations.
template <DType kType, int kRows, typename Input>
HWY_ATTR void SumPlaces(const SparseCall& call, const Input& in, NeuronList list, int64_t row, int64_t begin,
                        int64_t end, float* y) {
  const NeuronLayout& layout = call.w->layout();
  for (int64_t place = begin; place < end; place += kGroupNeurons) {
    const Group group(call, list, place, end);
    if constexpr (kType == DType::kQ8_0) group.PrefetchScales(layout);
    float z[kRows * kGroupNeurons], up[kRows * kGroupNeurons];
    if (call.silu == nullptr) {
      float gate[kRows * kGroupNeurons];
      Dots<kType, kRows>(group.Rows(layout, 0, 0), in, gate);
      Dots<kType, kRows>(group.Rows(layout, layout.up, 1), in, up);
      for (int i = 0; i < kRows * kGroupNeurons; i += kGroupNeurons) Gated(gate + i, up + i, z + i);
    } else {
      Dots<kType, kRows>(group.Rows(layout, layout.up, 1), in, up);
      for (int r = 0; r < kRows; ++r) {
        const float* const silu = call.silu + (row + r) * call.w->neurons;
        for (int n = 0; n < kGroupNeurons; ++n)
          z[r * kGroupNeurons + n] = silu[group.neuron[n]] * up[r * kGroupNeurons + n];
      }
    }
    for (int r = 0; r < kRows; ++r) std::fill(z + r * kGroupNeurons + group.count, z + (r + 1) * kGroupNeurons, 0.0f);
    AddColumns<kType, kRows>(group.Rows(layout, layout.down, 2), z, layout.stride, {y, layout.stride, place == begin});
  }
}

template <DType kType, int kRows>
void SumRows(const SparseCall& call, int64_t row, int64_t chunk) {
  const NeuronList list = call.lists[static_cast<size_t>(row)];
  const int64_t begin = chunk * kChunkNeurons, stride = call.w->layout().stride;
  const int64_t end = std::min(begin + kChunkNeurons, static_cast<int64_t>(list.size()));
  if (begin >= end) return;
  float* const y = call.partial + (chunk * static_cast<int64_t>(call.lists.size()) + row) * stride;
  const NeuronRows& rows = *call.rows;
  if constexpr (kType == DType::kQ8_0 && kHasByteDot) {
    if (call.bytes) {
      const ByteInput in = {rows.q.data() + row * stride, rows.scale.data() + row * rows.scale_stride,
                            rows.start.data() + row * stride / 4, stride, rows.scale_stride};
      return SumPlaces<kType, kRows>(call, in, list, row, begin, end, y);
    }
  }
  SumPlaces<kType, kRows>(call, FloatInput{rows.x.data() + row * stride, stride}, list, row, begin, end, y);
}

template <DType kType>
void SumOf(const SparseCall& call, const RowsOfList& rows, int64_t chunk) {
  switch (rows.count) {
    case 1: return SumRows<kType, 1>(call, rows.first, chunk);
    case 2: return SumRows<kType, 2>(call, rows.first, chunk);
    default: return SumRows<kType, kSharedRows>(call, rows.first, chunk);
  }
}

void SumChunkTarget(const SparseCall& call, const RowsOfList& rows, int64_t chunk) {
  switch (call.w->type) {
    case DType::kF32: return SumOf<DType::kF32>(call, rows, chunk);
    case DType::kF16: return SumOf<DType::kF16>(call, rows, chunk);
    case DType::kBF16: return SumOf<DType::kBF16>(call, rows, chunk);
    default: return SumOf<DType::kQ8_0>(call, rows, chunk);
  }
}

HWY_ATTR void AddPartialsTarget(const SparseCall& call, int64_t row, int64_t begin, int64_t end, float* out) {
  const NF d;
  const int64_t chunks = ChunksOf(call.lists[static_cast<size_t>(row)]);
  const int64_t stride = call.w->layout().stride, step = static_cast<int64_t>(call.lists.size()) * stride;
  for (int64_t k = begin; k < end; k += kNeuronLanes) {  // rows of partial results go on past k
    const float* from = call.partial + row * stride + k;
    NV sum = hn::Zero(d);
    for (int64_t chunk = 0; chunk < chunks; ++chunk, from += step) sum = hn::Add(sum, hn::LoadU(d, from));
    if (k + kNeuronLanes <= end) {
      hn::StoreU(hn::Add(hn::LoadU(d, out + k), sum), d, out + k);
      continue;
    }
    HWY_ALIGN float lanes[kNeuronLanes];
    hn::Store(sum, d, lanes);
    for (int64_t i = k; i < end; ++i) out[i] += lanes[i - k];
  }
}

HWY_ATTR void QuantiseNeuronRowsTarget(int64_t stride, int64_t begin, int64_t end, NeuronRows* rows) {
  const int64_t blocks = stride / kQuantBlock;
  for (int64_t row = begin; row < end; ++row) {
    int8_t* const q = rows->q.data() + row * stride;
    float* const scale = rows->scale.data() + row * rows->scale_stride;
    int32_t* const start = rows->start.data() + row * stride / 4;
    for (int64_t block = 0; block < blocks; ++block) {
      int32_t sums[2];
      scale[block] =
          QuantiseBlock<127>(rows->x.data() + row * stride + block * kQuantBlock, 1, q + block * kQuantBlock, sums);
    }
    std::fill(scale + blocks, scale + rows->scale_stride, 0.0f);
    for (int64_t i = 0; i < stride / 4; ++i) start[i] = -128 * (q[4 * i] + q[4 * i + 1] + q[4 * i + 2] + q[4 * i + 3]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(SumChunkTarget);
HWY_EXPORT(AddPartialsTarget);
HWY_EXPORT(QuantiseNeuronRowsTarget);

bool MeetsBytes(DType type, Precision precision) {
  return type == DType::kQ8_0 && precision == Precision::kFast && HasByteDot();
}
void QuantiseNeuronRows(int64_t stride, int64_t begin, int64_t end, NeuronRows* rows) {
  HWY_DYNAMIC_DISPATCH(QuantiseNeuronRowsTarget)(stride, begin, end, rows);
}
void SumChunk(const SparseCall& call, const RowsOfList& rows, int64_t chunk) {
  HWY_DYNAMIC_DISPATCH(SumChunkTarget)(call, rows, chunk);
}
void AddPartials(const SparseCall& call, int64_t row, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(AddPartialsTarget)(call, row, begin, end, out);
}
}  // namespace retort::cpu
#endif
