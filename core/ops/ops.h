// The operations a transformer step is made of, behind one interface per device.
// `ref` is plain loops and the oracle of every test; `cpu` is oneDNN and own SIMD kernels; CUDA comes as a module.
// All pointers are device pointers; rows are contiguous. T = tokens in the step, K = inputs, N = outputs,
// H = query heads, G = key/value heads, D = head size, V = vocabulary.
// Thread-safety: one step at a time per OpSet.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/device/device.h"
#include "core/ops/neurons.h"
#include "core/tensor/dtype.h"

namespace retort {

/// `exact`: float activations and sums whose order depends on neither batch nor threads, so that a row's result is
/// the same bits whatever else is in the step. `fast`: int8 activations per block and any library kernel.
enum class Precision : int32_t { kExact = 0, kFast = 1 };

/// A weight matrix [N, K] ready for MatMul: its source, or a packed copy of it on the device. Made by
/// OpSet::PackWeight.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
  int64_t n = 0, k = 0;
  DType type = DType::kF32;
  /// Bytes of the packed copy; 0 where the source itself is read.
  virtual size_t owned_bytes() const = 0;
  bool reads_source() const { return owned_bytes() == 0; }
};

/// Keys and values of all layers live in pages of kKvPageTokens tokens. A page holds, for every layer,
/// keys [G, D, kKvPageTokens] then values [G, kKvPageTokens, D] in `type` (f32 or f16): keys lie across, so that a
/// vector of scores is a product of one load an input (core/design/006-attention.md).
inline constexpr int kKvPageTokens = 32;
/// Tokens that a tree of drafts may have at most.
inline constexpr int kMaxTreeTokens = 64;

struct KvLayout {
  int layers = 0, kv_heads = 0, head_dim = 0;
  DType type = DType::kF32;
  size_t plane_bytes() const {  // keys (or values) of one layer in one page
    return static_cast<size_t>(kv_heads) * kKvPageTokens * head_dim * (type == DType::kF32 ? 4 : 2);
  }
  size_t page_bytes() const { return plane_bytes() * 2 * layers; }
  /// Index in a plane of the keys of element d of a head at a slot; and of the values.
  constexpr int64_t KeyIndex(int head, int slot, int d) const {
    return (int64_t{head} * head_dim + d) * kKvPageTokens + slot;
  }
  constexpr int64_t ValueIndex(int head, int slot, int d) const {
    return (int64_t{head} * kKvPageTokens + slot) * head_dim + d;
  }
  size_t key_offset(int layer) const { return plane_bytes() * 2 * layer; }
  size_t value_offset(int layer) const { return key_offset(layer) + plane_bytes(); }
};

/// One token of the step as attention sees it. `pages` are device addresses of the sequence's pages in order; slot s of
/// the sequence is slot s % kKvPageTokens of pages[s / kKvPageTokens]. The token attends to positions 0 to `position`,
/// itself included; its own key and value are stored before attention reads.
/// A row of a plain sequence has its positions in the slots of the same number. A row of a tree has the first `prefix`
/// positions there and the rest, its ancestors and itself, in the slots prefix + i for each bit i of `path`, which has
/// position + 1 - prefix bits.
struct AttentionRow {
  void* const* pages = nullptr;
  int32_t position = 0;
  int32_t prefix = 0;  // of a tree
  uint64_t path = 0;   // 0: a plain row

  /// The slot of one of the positions 0 to `position`.
  constexpr int32_t SlotOf(int32_t at) const {
    if (path == 0 || at < prefix) return at;
    uint64_t left = path;
    for (int32_t i = prefix; i < at; ++i) left &= left - 1;
    return prefix + HighestBit(left & (~left + 1));
  }
  /// The slot of the row's own key and value.
  constexpr int32_t slot() const { return path == 0 ? position : prefix + HighestBit(path); }

 private:
  // Of a number that is not 0. There is no lowest bit by __builtin_ctzll: nvcc 13.0 compiles it for a GPU, without a
  // word, to nothing.
  static constexpr int32_t HighestBit(uint64_t bits) { return 63 - __builtin_clzll(bits); }
};

/// A token's keys and values, of all layers and heads, to be copied from one slot of a page to another.
struct KvMove {
  const void* from_page = nullptr;
  void* to_page = nullptr;
  int32_t from_slot = 0, to_slot = 0;  // in their pages
};

/// A matrix in host memory, for OpSet::PackWeights, and what it became.
struct WeightToPack {
  std::string name;  // for messages
  DType type = DType::kF32;
  const void* data = nullptr;
  int64_t n = 0, k = 0;
  std::unique_ptr<PackedWeight> packed;
};

/// The rows [T, K] of a product, or what they are made from on the way: norms and gates then need no pass of their own
/// over memory.
struct RowSource {
  const float* x = nullptr;     // [T, K]; [T, 2K] where gated
  const float* norm = nullptr;  // [K]: a row is RmsNorm of that of x with these weights
  float eps = 0;                // of the norm
  bool gated = false;           // a row is silu(first K) * last K of that of x; then without a norm
  float* made = nullptr;  // [T, K], not x: for the rows, where they are made beforehand; not for one that is plain
  bool plain() const { return norm == nullptr && !gated; }
};

class OpSet {
 public:
  virtual ~OpSet() = default;
  virtual Device& device() = 0;

  /// Call `step`, which runs operations of this set one after another. A device may keep its threads together
  /// meanwhile.
  virtual void Together(const std::function<void()>& step) { step(); }

  /// Take a GGUF-layout row-major matrix [n, k] from host memory (`data` must outlive the result where that
  /// reads_source). Errors: kUnsupported for a type this device has no kernel for, kInvalidArgument if k is no multiple
  /// of the block.
  virtual Result<std::unique_ptr<PackedWeight>> PackWeight(DType type, const void* data, int64_t n, int64_t k) = 0;

  /// PackWeight for many, which may share threads better. Errors: as above, after the name of the matrix.
  virtual Status PackWeights(std::span<WeightToPack> weights) {
    for (WeightToPack& weight : weights) {
      auto packed = PackWeight(weight.type, weight.data, weight.n, weight.k);
      if (!packed.ok()) return packed.status().Annotate("tensor '" + weight.name + "'");
      weight.packed = *std::move(packed);
    }
    return {};
  }

  /// y[T, N] = x[T, K] · wᵀ (+ y if accumulate). Rows of y are `ldy` floats apart (>= N), rows of x are K apart.
  virtual Status MatMul(const float* x, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate,
                        Precision precision, Stream& stream) = 0;

  /// The same of rows that are made on the way: the bits are those of RmsNorm or SiluMul, then MatMul.
  virtual Status MatMulFrom(const RowSource& rows, const PackedWeight& w, float* y, int64_t t, int64_t ldy,
                            bool accumulate, Precision precision, Stream& stream) {
    if (rows.plain()) return MatMul(rows.x, w, y, t, ldy, accumulate, precision, stream);
    const Status made = rows.gated ? SiluMul(rows.x, rows.made, t, w.k, stream)
                                   : RmsNorm(rows.x, rows.norm, rows.eps, rows.made, t, w.k, stream);
    if (!made.ok()) return made;
    return MatMul(rows.made, w, y, t, ldy, accumulate, precision, stream);
  }

  /// out[T, K] = rows `ids[T]` (host pointer, each in [0, N)) of w as floats.
  virtual Status Embed(const PackedWeight& w, const int32_t* ids, float* out, int64_t t, Stream& stream) = 0;

  /// out[T, K] = x / sqrt(mean(x²) + eps) * weight[K]; out may be x. Source: Zhang & Sennrich 2019.
  virtual Status RmsNorm(const float* x, const float* weight, float eps, float* out, int64_t t, int64_t k,
                         Stream& stream) = 0;

  /// Normalise each head of x [T, H*D] (row stride ld floats, in place) as RmsNorm does, with weight[D] for all heads.
  virtual Status RmsNormHeads(float* x, const float* weight, float eps, int64_t t, int heads, int head_dim, int64_t ld,
                              Stream& stream) {
    for (int64_t i = 0; i < t; ++i) {
      float* const row = x + i * ld;
      if (Status status = RmsNorm(row, weight, eps, row, heads, head_dim, stream); !status.ok()) return status;
    }
    return {};
  }

  /// Rotate q [T, H*D] and k [T, G*D] (row stride ld floats, in place) by their positions (host pointer [T]). `neox`
  /// rotates pairs (i, i + rope_dim/2), else pairs (2i, 2i+1) as GGUF llama weights are permuted for.
  /// inv_freq: device pointer [rope_dim / 2]. Source: Su et al. 2021.
  virtual Status Rope(float* q, float* k, const int32_t* positions, const float* inv_freq, int64_t t, int heads,
                      int kv_heads, int head_dim, int rope_dim, int64_t ld, bool neox, Stream& stream) = 0;

  /// Store k and v rows ([T, G*D], row stride ld) of `layer` into their slots.
  virtual Status StoreKv(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows,
                         const KvLayout& layout, int layer, Stream& stream) = 0;

  /// out[T, H*D] = softmax(q·kᵀ * scale)·v with q rows ld floats apart; heads grouped H/G to a key/value head. Rows of
  /// one sequence share their keys best when they follow each other. Errors: kInvalidArgument if G does not divide H.
  virtual Status Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                           int layer, int heads, float scale, float* out, Precision precision, Stream& stream) = 0;

  /// Copy slots of all layers, one move after the other: a later one may read what an earlier one wrote.
  virtual Status MoveKv(std::span<const KvMove> moves, const KvLayout& layout, Stream& stream) = 0;

  /// out[T, F] = silu(gate) * up, where gate_up is [T, 2F] with gate first.
  virtual Status SiluMul(const float* gate_up, float* out, int64_t t, int64_t f, Stream& stream) = 0;

  /// y[i] += bias[i mod k] over t rows. (qwen2's attention biases)
  virtual Status AddBias(float* y, const float* bias, int64_t t, int64_t k, int64_t ldy, Stream& stream) = 0;

  /// Operations on feed-forward parts by neuron; null where the device has no kernels for them.
  virtual NeuronOps* neurons() { return nullptr; }

  /// Choose implementations by rule instead of by measuring, so that another process makes the same choices. Before the
  /// first step.
  virtual void ChooseByRule() {}

  /// Which implementation served each shape so far and why earlier ones in the list declined; for `plan` and tests.
  virtual std::vector<std::string> DispatchReport() const { return {}; }
};

/// The operations for a device. Errors: kUnsupported where the device has none.
Result<std::unique_ptr<OpSet>> MakeOpSet(Device& device);

}  // namespace retort
