// The feed-forward part over lists of neurons on the CPU: dot products with a neuron's rows of gate and up, then its
// column of down, scaled, onto the result. A list is cut into chunks of its places; each chunk's sum is one partial
// result, and these are added in order, so a row's bits depend on its list alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ops/cpu/neuron_weight.h"
#include "core/ops/ops.h"

namespace retort::cpu {

inline constexpr int64_t kChunkNeurons = 48;  // places of a list whose sum is one partial result
inline constexpr int kGroupNeurons = 8;       // of a chunk, computed at once
inline constexpr int kSharedRows = 4;         // that use one list and share what is read, at most

inline int64_t ChunksOf(NeuronList list) {
  return (static_cast<int64_t>(list.size()) + kChunkNeurons - 1) / kChunkNeurons;
}

/// Activations of the rows of a call, padded with zeros to the stride S of the weights' rows; B = blocks of 32 of them.
struct NeuronRows {
  std::vector<float> x;        // [T, S]
  std::vector<int8_t> q;       // [T, S]: integers of a scale each block, where q8_0 meets bytes
  std::vector<float> scale;    // [T, scale_stride]
  std::vector<int32_t> start;  // [T, S / 4]: what the 128 on top of the weights' bytes adds to a lane's sum, negated
  int64_t scale_stride = 0;    // B, rounded up to what is read at once
};

/// Neighbouring rows with the very same list.
struct RowsOfList {
  int64_t first = 0;
  int count = 0;  // 1, 2 or kSharedRows
};

struct SparseCall {
  const NeuronWeight* w = nullptr;
  const NeuronRows* rows = nullptr;
  bool bytes = false;           // the rows' integers are meant
  const float* silu = nullptr;  // [T, F], or null
  std::span<const NeuronList> lists;
  float* partial = nullptr;  // [chunks][T][S]
};

/// Whether bytes of q8_0 meet bytes of activations here.
bool MeetsBytes(DType type, Precision precision);
/// The integers of rows [begin, end) from their floats.
void QuantiseNeuronRows(int64_t stride, int64_t begin, int64_t end, NeuronRows* rows);
/// One chunk's partial results of rows that share a list; nothing where the list has no such chunk.
void SumChunk(const SparseCall& call, const RowsOfList& rows, int64_t chunk);
/// out[k] += the partial results of `row`, columns [begin, end).
void AddPartials(const SparseCall& call, int64_t row, int64_t begin, int64_t end, float* out);

/// The whole operation. Not thread-safe (scratch memory).
class SparseFeedForward {
 public:
  /// See NeuronOps::FeedForward.
  void Run(const RowSource& rows, const float* silu, const NeuronWeight& w, std::span<const NeuronList> lists, float* y,
           int64_t t, Precision precision, int threads);

 private:
  void MakeActivations(const RowSource& rows, const NeuronWeight& w, int64_t first, int64_t t, bool bytes, int threads);
  /// The rows of a call as few RowsOfList.
  void Share(std::span<const NeuronList> lists);

  NeuronRows rows_;
  std::vector<RowsOfList> shared_;
  std::vector<float> partial_;
};

}  // namespace retort::cpu
