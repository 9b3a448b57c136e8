// A gated feed-forward part by its neurons, y += Σ_j silu(gate_j·x) (up_j·x) down_j, of which a row may use some.
// Letters as in ops.h, and F = neurons. Thread-safety: that of the OpSet.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/device/device.h"
#include "core/tensor/dtype.h"

namespace retort {

class PackedWeight;
struct RowSource;
enum class Precision : int32_t;

/// The neurons that a row uses, ascending, each once. Host memory, on every device.
using NeuronList = std::span<const int32_t>;

/// The weights of a feed-forward part of K inputs and outputs with what belongs to a neuron side by side: its row of
/// the gate, its row of up, and its column of down. Float types stay what they are. Of quantised types all three are
/// q8_0 along K: rows of q8_0 bit for bit, those of others and the columns of down rounded from their values. Made by
/// NeuronOps::Pack, a copy beside the matrices.
class PackedNeurons {
 public:
  virtual ~PackedNeurons() = default;
  int64_t neurons = 0, k = 0;
  DType type = DType::kF32;  // f32, f16, bf16 or q8_0
  virtual size_t owned_bytes() const = 0;
};

/// What matrices of `type` become in PackedNeurons.
inline DType NeuronType(DType type) { return DTypeIsQuantised(type) ? DType::kQ8_0 : type; }

/// Which neurons a row uses, by the magnitude of what its gate lets through.
struct NeuronRule {
  int64_t count = 0;    // so many, of largest magnitude; of equal ones those of lower index
  float threshold = 0;  // where count is 0: those of this magnitude or more
  bool shared = false;  // one list for all rows, by the sums of their magnitudes
};

/// What NeuronOps::Choose lists; memory is used again from call to call.
struct NeuronLists {
  std::vector<int32_t> neurons;    // F for each list
  std::vector<float> sums;         // [F], of a shared one
  std::vector<NeuronList> of_row;  // [T], views into `neurons`; the same one for all rows where shared
};

class NeuronOps {
 public:
  virtual ~NeuronOps() = default;

  /// Put a part's weights together by neuron. `gate_up` are matrices of this device whose rows, one below the other,
  /// are those of the gate [F, K], then those of up [F, K]; `down` is [K, F]. None is needed by the result.
  /// Errors: kInvalidArgument for shapes or types that do not fit, kResourceExhausted.
  virtual Result<std::unique_ptr<PackedNeurons>> Pack(std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                                      const PackedWeight& down) = 0;

  /// The first n rows of w as a matrix of its own, which uses the memory of w. Errors: kInvalidArgument for another n
  /// than 1 to w.n.
  virtual Result<std::unique_ptr<PackedWeight>> FirstRows(const PackedWeight& w, int64_t n) = 0;

  /// y[T, K] += the part, of each row over its list alone; lists [T]. `silu`: null, or silu of the gate's products
  /// [T, F], which are then not computed. Rows are made on the way where `rows` says so. Neighbouring rows with the
  /// very same list (in memory) share what is read. A row's bits depend on its list and on nothing else of the step;
  /// in `fast`, q8_0 may meet activations of bytes.
  virtual Status FeedForward(const RowSource& rows, const float* silu, const PackedNeurons& w,
                             std::span<const NeuronList> lists, float* y, int64_t t, Precision precision,
                             Stream& stream) = 0;

  /// Turn the gate's products [T, F] into their silu, and list the neurons of each row by the rule over |silu|.
  /// Source: Lee et al., CATS, arXiv 2404.08763 (threshold); Zhou et al., Sirius, arXiv 2409.03856 (count).
  virtual Status Choose(float* gate, int64_t t, int64_t f, const NeuronRule& rule, NeuronLists* lists,
                        Stream& stream) = 0;

  /// sums[F] += (z / ‖z‖)² for each row of z [T, F], row after row; nothing for a row of zeros.
  /// Source: Dong et al., GRIFFIN, arXiv 2404.01365, section 4.
  virtual Status AddShares(const float* z, int64_t t, int64_t f, float* sums, Stream& stream) = 0;
};

}  // namespace retort
