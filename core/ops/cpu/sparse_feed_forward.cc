#include "core/ops/cpu/sparse_feed_forward.h"

#include <algorithm>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/row_kernels.h"

namespace retort::cpu {
namespace {

constexpr int64_t kRowsAtOnce = 64;     // rows whose partial results are in memory
constexpr int64_t kColumnsAtOnce = 64;  // of a result, which a thread adds up at least
constexpr int64_t kScalesAtOnce = 16;   // that a kernel reads

RowSource From(RowSource rows, int64_t first, int64_t k) {
  rows.x += first * (rows.gated ? 2 * k : k);
  return rows;
}

}  // namespace

void SparseFeedForward::MakeActivations(const RowSource& source, const NeuronWeight& w, int64_t first, int64_t t,
                                        bool bytes, int threads) {
  const int64_t stride = w.layout().stride, k = w.k;
  rows_.x.resize(static_cast<size_t>(t * stride));
  if (bytes) {
    rows_.scale_stride = (w.layout().blocks() + kScalesAtOnce - 1) / kScalesAtOnce * kScalesAtOnce;
    rows_.q.resize(static_cast<size_t>(t * stride));
    rows_.scale.resize(static_cast<size_t>(t * rows_.scale_stride));
    rows_.start.resize(static_cast<size_t>(t * stride / 4));
  }
  ParallelFor(t, 2, threads, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* const to = rows_.x.data() + row * stride;
      MakeRows(From(source, first + row, k), k, 0, 1, to);
      std::fill(to + k, to + stride, 0.0f);
    }
    if (bytes) QuantiseNeuronRows(stride, begin, end, &rows_);
  });
}

void SparseFeedForward::Share(std::span<const NeuronList> lists) {
  shared_.clear();
  const auto same = [&](size_t a, size_t b) {
    return lists[a].data() == lists[b].data() && lists[a].size() == lists[b].size();
  };
  for (size_t row = 0; row < lists.size();) {
    size_t end = row + 1;
    while (end < lists.size() && same(row, end)) ++end;
    while (row < end) {
      const size_t left = end - row;
      const int count = left >= kSharedRows ? kSharedRows : left >= 2 ? 2 : 1;
      shared_.push_back({static_cast<int64_t>(row), count});
      row += static_cast<size_t>(count);
    }
  }
}

void SparseFeedForward::Run(const RowSource& rows, const float* silu, const NeuronWeight& w,
                            std::span<const NeuronList> all, float* y, int64_t t, Precision precision, int threads) {
  const bool bytes = MeetsBytes(w.type, precision);
  const int64_t stride = w.layout().stride, k = w.k;
  for (int64_t first = 0; first < t; first += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, t - first);
    const auto lists = all.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
    int64_t chunks = 0;
    for (const NeuronList list : lists) chunks = std::max(chunks, ChunksOf(list));
    MakeActivations(rows, w, first, count, bytes, threads);
    Share(lists);
    partial_.resize(static_cast<size_t>(chunks * count * stride));
    const SparseCall call = {&w,    &rows_,         bytes, silu == nullptr ? nullptr : silu + first * w.neurons,
                             lists, partial_.data()};
    const auto groups = static_cast<int64_t>(shared_.size());
    // Rows of a chunk one after the other: their lists are alike, and what one has read is still near.
    ParallelFor(chunks * groups, 1, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) SumChunk(call, shared_[static_cast<size_t>(i % groups)], i / groups);
    });
    const int64_t pieces = (k + kColumnsAtOnce - 1) / kColumnsAtOnce;
    ParallelFor(count * pieces, 1, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i / pieces, column = i % pieces * kColumnsAtOnce;
        AddPartials(call, row, column, std::min(k, column + kColumnsAtOnce), y + (first + row) * k);
      }
    });
  }
}

}  // namespace retort::cpu
