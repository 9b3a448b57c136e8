#include "core/model/weights.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/device/cpu/parallel.h"

namespace retort {
namespace {

class Loader {
 public:
  Loader(const TensorFile& file, OpSet& ops, Weights& out) : file_(file), ops_(ops), out_(out) {}

  Status Begin(const std::string& type) {
    RETORT_ASSIGN_OR_RETURN(stream_, ops_.device().CreateStream());
    if (type == "native") return {};
    auto parsed = DTypeFromName(type);
    if (!parsed.ok() || *parsed == DType::kI32) {
      std::string choices;
      for (const std::string& choice : WeightChoices()) choices += (choices.empty() ? "" : ", ") + choice;
      return InvalidArgument("weights: expected one of " + choices + ", got '" + type + "'");
    }
    convert_ = true;
    type_ = *parsed;
    return {};
  }

  Status Matrix(const std::string& name, int64_t n, int64_t k, std::unique_ptr<PackedWeight>* out) {
    return Read({{name, n}}, k, [out](std::unique_ptr<PackedWeight> packed) { *out = std::move(packed); });
  }

  struct Named {
    std::string name;
    int64_t n;
  };
  Status Stack(const std::vector<Named>& names, int64_t k, StackedWeight* out) {
    return Read(names, k, [out](std::unique_ptr<PackedWeight> packed) { out->parts.push_back(std::move(packed)); });
  }

  /// Pack what has been read since the last time.
  Status Pack() {
    if (const Status status = ops_.PackWeights(to_pack_); !status.ok()) return status.Annotate(file_.path());
    bool reads_source = false;
    for (size_t i = 0; i < to_pack_.size(); ++i) {
      const WeightToPack& weight = to_pack_[i];
      reads_source = reads_source || weight.packed->reads_source();
      out_.bytes += weight.packed->reads_source() ? DTypeRowBytes(weight.type, weight.n * weight.k)
                                                  : weight.packed->owned_bytes();
      takers_[i](std::move(to_pack_[i].packed));
    }
    if (reads_source) {
      std::move(converted_.begin(), converted_.end(), std::back_inserter(out_.converted));
    } else {
      for (const ModelTensor* tensor : read_) file_.Forget(tensor->data, tensor->bytes);
    }
    to_pack_.clear(), takers_.clear(), converted_.clear(), read_.clear();
    bytes_to_pack_ = 0;
    return {};
  }

  Status Vector(const std::string& name, int64_t n, FloatVector* out) {
    const int64_t shape[] = {n};
    RETORT_ASSIGN_OR_RETURN(const ModelTensor* const tensor, Use(name, shape));
    std::vector<float> values(static_cast<size_t>(n));
    DequantiseRow(tensor->type, tensor->data, values.data(), n);
    return Upload(values, out);
  }

  Status Upload(const std::vector<float>& values, FloatVector* out) {
    const size_t bytes = values.size() * sizeof(float);
    RETORT_ASSIGN_OR_RETURN(out->buffer, ops_.device().Allocate(bytes));
    RETORT_RETURN_IF_ERROR(ops_.device().CopyFromHost(out->buffer->data(), values.data(), bytes, *stream_));
    out_.bytes += bytes;
    return stream_->Synchronize();
  }

  /// The rotation's frequencies, divided by the file's own factors where it has them (llama 3.1 as GGUF).
  Status Frequencies(const ModelHyper& h, FloatVector* out) {
    std::vector<double> values = InverseFrequencies(h.rope_base, h.rope_dim, h.rope_scaling);
    if (file_.FindTensor("rope_freqs.weight") != nullptr) {
      const auto pairs = static_cast<int64_t>(values.size());
      RETORT_ASSIGN_OR_RETURN(const ModelTensor* const tensor, Use("rope_freqs.weight", std::span(&pairs, 1)));
      std::vector<float> factors(values.size());
      DequantiseRow(tensor->type, tensor->data, factors.data(), pairs);
      for (size_t i = 0; i < factors.size(); ++i) {
        if (!(factors[i] > 0)) {
          return InvalidArgument(file_.path() + ": tensor 'rope_freqs.weight': expected positive factors, got " +
                                 std::to_string(factors[i]));
        }
        values[i] /= factors[i];
      }
    }
    return Upload({values.begin(), values.end()}, out);
  }

  Status CheckAllUsed(const std::string& architecture) const {
    for (const ModelTensor* const tensor : file_.AllTensors()) {
      if (tensor->ignorable || used_.contains(tensor)) continue;
      return Unsupported(file_.path() + ": tensor '" + tensor->name + "' has no place in a model of architecture '" +
                         architecture + "' as this build knows it; without it the answers would be wrong");
    }
    return {};
  }

 private:
  /// Rows of one matrix, where they lie in host memory.
  struct Rows {
    std::string name;
    DType type;
    const std::byte* data;
    int64_t n;
  };

  using Taker = std::function<void(std::unique_ptr<PackedWeight>)>;

  /// Matrices of k inputs, to be packed soon; `take` is given each, those next to each other as one.
  Status Read(const std::vector<Named>& names, int64_t k, const Taker& take) {
    std::vector<Rows> parts;
    for (const Named& named : names) {
      const int64_t shape[] = {k, named.n};
      RETORT_ASSIGN_OR_RETURN(const ModelTensor* const tensor, Use(named.name, shape));
      parts.push_back({named.name, tensor->type, tensor->data, named.n});
      read_.push_back(tensor);
    }
    RETORT_ASSIGN_OR_RETURN(ConvertedMemory converted, Convert(&parts, k));
    if (converted != nullptr) converted_.push_back(std::move(converted));
    for (size_t i = 0; i < parts.size();) {
      Rows whole = parts[i];
      for (++i; i < parts.size() && parts[i].type == whole.type; ++i) {
        if (parts[i].data != whole.data + DTypeRowBytes(whole.type, whole.n * k)) break;
        whole.n += parts[i].n;
      }
      to_pack_.push_back({whole.name, whole.type, whole.data, whole.n, k, nullptr});
      takers_.push_back(take);
      bytes_to_pack_ += DTypeRowBytes(whole.type, whole.n * k);
    }
    return bytes_to_pack_ < kPackBytes ? Status() : Pack();
  }

  Result<const ModelTensor*> Use(const std::string& name, std::span<const int64_t> shape) {
    auto tensor = file_.GetTensor(name, shape);
    if (tensor.ok()) used_.insert(*tensor);
    return tensor;
  }

  /// Bring the parts whose type differs to the wanted one, next to each other in one piece of memory, which is
  /// returned; null where none differs.
  Result<ConvertedMemory> Convert(std::vector<Rows>* parts, int64_t k) {
    if (!convert_ || !CanConvertRows(k, type_)) return ConvertedMemory();
    const size_t row_bytes = DTypeRowBytes(type_, k);
    size_t bytes = 0;
    for (const Rows& part : *parts) bytes += part.type == type_ ? 0 : row_bytes * static_cast<size_t>(part.n);
    if (bytes == 0) return ConvertedMemory();
    constexpr size_t kAlignment = 64;
    auto* to = static_cast<std::byte*>(std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) & ~(kAlignment - 1)));
    if (to == nullptr) return ResourceExhausted("weights: cannot allocate " + std::to_string(bytes) + " bytes");
    ConvertedMemory converted(to);
    for (Rows& part : *parts) {
      if (part.type == type_) continue;
      ConvertRows(part, k, to);
      part.type = type_;
      part.data = to;
      to += row_bytes * static_cast<size_t>(part.n);
    }
    return converted;
  }

  void ConvertRows(const Rows& from, int64_t k, std::byte* to) const {
    const size_t from_bytes = DTypeRowBytes(from.type, k), to_bytes = DTypeRowBytes(type_, k);
    ParallelFor(from.n, 64, tbb::this_task_arena::max_concurrency(), [&](int64_t begin, int64_t end) {
      std::vector<float> row(static_cast<size_t>(k));
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        DequantiseRow(from.type, from.data + i * from_bytes, row.data(), k);
        QuantiseRow(type_, row.data(), to + i * to_bytes, k);
      }
    });
  }

  const TensorFile& file_;
  OpSet& ops_;
  Weights& out_;
  std::unique_ptr<Stream> stream_;
  bool convert_ = false;
  DType type_ = DType::kF32;
  std::unordered_set<const ModelTensor*> used_;
  // Matrices are packed some at a time, for the threads' sake, and then given back to the file, for the memory's.
  static constexpr size_t kPackBytes = size_t{32} << 20;
  size_t bytes_to_pack_ = 0;
  std::vector<WeightToPack> to_pack_;
  std::vector<Taker> takers_;  // of each
  std::vector<ConvertedMemory> converted_;
  std::vector<const ModelTensor*> read_;
};

}  // namespace

const std::vector<std::string>& WeightChoices() {
  static const std::vector<std::string> choices = {"native", "f32",  "f16",  "bf16", "q8_0", "q4_0",
                                                   "q4_1",   "q5_0", "q5_1", "q4_k", "q5_k", "q6_k"};
  return choices;
}

Result<Weights> LoadWeights(const TensorFile& file, const ModelHyper& h, const ModelConfig& config, OpSet& ops) {
  Weights weights;
  Loader load(file, ops, weights);
  RETORT_RETURN_IF_ERROR(load.Begin(config.weights));
  const int64_t q = int64_t{h.heads} * h.head_dim, kv = int64_t{h.kv_heads} * h.head_dim;
  RETORT_RETURN_IF_ERROR(load.Matrix("token_embd.weight", h.vocab, h.hidden, &weights.embedding));
  if (!h.tied_embeddings) RETORT_RETURN_IF_ERROR(load.Matrix("output.weight", h.vocab, h.hidden, &weights.output));
  RETORT_RETURN_IF_ERROR(load.Vector("output_norm.weight", h.hidden, &weights.output_norm));
  RETORT_RETURN_IF_ERROR(load.Frequencies(h, &weights.inverse_frequencies));
  weights.layers.resize(static_cast<size_t>(h.layers));
  for (int32_t i = 0; i < h.layers; ++i) {
    LayerWeights& layer = weights.layers[static_cast<size_t>(i)];
    const std::string prefix = "blk." + std::to_string(i) + ".";
    RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_norm.weight", h.hidden, &layer.attention_norm));
    RETORT_RETURN_IF_ERROR(
        load.Stack({{prefix + "attn_q.weight", q}, {prefix + "attn_v.weight", kv}, {prefix + "attn_k.weight", kv}},
                   h.hidden, &layer.qvk));
    RETORT_RETURN_IF_ERROR(load.Matrix(prefix + "attn_output.weight", h.hidden, q, &layer.output));
    if (h.attention_bias) {
      RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_q.bias", q, &layer.q_bias));
      RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_k.bias", kv, &layer.k_bias));
      RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_v.bias", kv, &layer.v_bias));
    }
    if (h.qk_norm) {
      RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_q_norm.weight", h.head_dim, &layer.q_norm));
      RETORT_RETURN_IF_ERROR(load.Vector(prefix + "attn_k_norm.weight", h.head_dim, &layer.k_norm));
    }
    RETORT_RETURN_IF_ERROR(load.Vector(prefix + "ffn_norm.weight", h.hidden, &layer.ffn_norm));
    RETORT_RETURN_IF_ERROR(
        load.Stack({{prefix + "ffn_gate.weight", h.ffn}, {prefix + "ffn_up.weight", h.ffn}}, h.hidden, &layer.gate_up));
    RETORT_RETURN_IF_ERROR(load.Matrix(prefix + "ffn_down.weight", h.hidden, h.ffn, &layer.down));
  }
  RETORT_RETURN_IF_ERROR(load.Pack());
  RETORT_RETURN_IF_ERROR(load.CheckAllUsed(h.architecture));
  return weights;
}

}  // namespace retort
