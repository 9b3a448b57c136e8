#include "core/ops/cuda/kernel_op_set.h"

#include <algorithm>
#include <utility>

#include "core/ops/cuda/kernels/attention.h"
#include "core/ops/cuda/kernels/matmul.h"
#include "core/ops/cuda/kernels/rows.h"
#include "core/ops/cuda/launch.h"

namespace retort::cuda {
namespace {

class DeviceWeight final : public PackedWeight {
 public:
  explicit DeviceWeight(std::unique_ptr<Buffer> buffer) : buffer_(std::move(buffer)) {}
  size_t owned_bytes() const override { return buffer_->size(); }
  const void* data() const { return buffer_->data(); }

 private:
  std::unique_ptr<Buffer> buffer_;
};

// Weights made by another OpSet do not get here: a model packs its weights with the OpSet that runs it.
const void* DataOf(const PackedWeight& weight) { return static_cast<const DeviceWeight&>(weight).data(); }

template <DType kType>
using TypeTag = std::integral_constant<DType, kType>;

// Calls `body` with the weight's type as a constant.
template <class Body>
Status ForWeightType(DType type, Body body) {
  switch (type) {
    case DType::kF32: return body(TypeTag<DType::kF32>());
    case DType::kF16: return body(TypeTag<DType::kF16>());
    case DType::kBF16: return body(TypeTag<DType::kBF16>());
    case DType::kQ8_0: return body(TypeTag<DType::kQ8_0>());
    case DType::kQ4_0: return body(TypeTag<DType::kQ4_0>());
    case DType::kQ4_1: return body(TypeTag<DType::kQ4_1>());
    case DType::kQ5_0: return body(TypeTag<DType::kQ5_0>());
    case DType::kQ5_1: return body(TypeTag<DType::kQ5_1>());
    case DType::kQ4_K: return body(TypeTag<DType::kQ4_K>());
    case DType::kQ5_K: return body(TypeTag<DType::kQ5_K>());
    case DType::kQ6_K: return body(TypeTag<DType::kQ6_K>());
    case DType::kI32: break;
  }
  return Unsupported("cuda: no kernel for weights of type " + std::string(DTypeName(type)) +
                     "; expected a float or quantised type");
}

template <class Body>
Status ForKvType(DType type, Body body) {
  if (type == DType::kF32) return body(TypeTag<DType::kF32>());
  if (type == DType::kF16) return body(TypeTag<DType::kF16>());
  return Unsupported("cuda: no kernel for keys and values of type " + std::string(DTypeName(type)) +
                     "; expected f32 or f16");
}

PagePlane Plane(const KvLayout& layout, size_t offset) {
  return {static_cast<int64_t>(offset), layout.kv_heads, layout.head_dim};
}

// The three passes over rows whose scores [T, H, span] fit.
template <DType kType>
Status AttendRows(const float* q, float* out, float* scores, int64_t t, int64_t ld, int64_t span, const PagedRows& rows,
                  const KvLayout& layout, int layer, int heads, float scale, Stream& stream) {
  const PagePlane keys = Plane(layout, layout.key_offset(layer));
  const PagePlane values = Plane(layout, layout.value_offset(layer));
  RETORT_RETURN_IF_ERROR(LaunchEach(AttentionScores<kType>{q, scores, t, ld, span, rows, keys, heads, scale}, stream));
  RETORT_RETURN_IF_ERROR(LaunchWarps(AttentionSoftmax{scores, t, span, rows, heads}, stream));
  return LaunchEach(AttentionMix<kType>{scores, out, t, span, rows, values, heads}, stream);
}

}  // namespace

Result<std::unique_ptr<KernelOpSet>> KernelOpSet::Create(Device& device, int64_t score_floats) {
  RETORT_ASSIGN_OR_RETURN(auto upload, device.CreateStream());
  return std::unique_ptr<KernelOpSet>(new KernelOpSet(device, std::move(upload), score_floats));
}

Result<std::unique_ptr<PackedWeight>> KernelOpSet::PackWeight(DType type, const void* data, int64_t n, int64_t k) {
  RETORT_RETURN_IF_ERROR(ForWeightType(type, [](auto) { return Status(); }));
  const int block = DTypeBlockElements(type);
  if (n <= 0 || k <= 0 || k % block != 0) {
    return InvalidArgument("cuda: expected a " + std::string(DTypeName(type)) + " matrix [n, k] with n > 0 and k a " +
                           "positive multiple of " + std::to_string(block) + ", got [" + std::to_string(n) + ", " +
                           std::to_string(k) + "]");
  }
  const size_t bytes = DTypeRowBytes(type, k) * static_cast<size_t>(n);
  RETORT_ASSIGN_OR_RETURN(auto buffer, device_.Allocate(bytes));
  RETORT_RETURN_IF_ERROR(device_.CopyFromHost(buffer->data(), data, bytes, *upload_));
  RETORT_RETURN_IF_ERROR(upload_->Synchronize());
  auto weight = std::make_unique<DeviceWeight>(std::move(buffer));
  weight->n = n;
  weight->k = k;
  weight->type = type;
  return std::unique_ptr<PackedWeight>(std::move(weight));
}

Status KernelOpSet::MatMul(const float* x, const PackedWeight& w, float* y, int64_t t, int64_t ldy, bool accumulate,
                           Precision precision, Stream& stream) {
  if (t == 0) return {};
  const int tokens = t == 1 ? 1 : kMatMulTile;
  matmuls_.emplace(w.type, w.n, w.k, tokens, precision);
  return ForWeightType(w.type, [&](auto tag) {
    constexpr DType kType = decltype(tag)::value;
    const auto row_bytes = static_cast<int64_t>(DTypeRowBytes(kType, w.k));
    const cuda::MatMul<kType, 1> one{DataOf(w), x, y, w.n, w.k, t, ldy, row_bytes, accumulate};
    const cuda::MatMul<kType, kMatMulTile> tile{DataOf(w), x, y, w.n, w.k, t, ldy, row_bytes, accumulate};
    return tokens == 1 ? LaunchWarps(one, stream) : LaunchWarps(tile, stream);
  });
}

Status KernelOpSet::Embed(const PackedWeight& w, const int32_t* ids, float* out, int64_t t, Stream& stream) {
  if (t == 0) return {};
  for (int64_t i = 0; i < t; ++i) {
    if (ids[i] < 0 || ids[i] >= w.n) {
      return InvalidArgument("cuda: token " + std::to_string(i) + " of the step has id " + std::to_string(ids[i]) +
                             ", expected 0 to " + std::to_string(w.n - 1));
    }
  }
  RETORT_ASSIGN_OR_RETURN(const void* staged, staging_.Put(ids, static_cast<size_t>(t) * sizeof *ids, stream));
  return ForWeightType(w.type, [&](auto tag) {
    constexpr DType kType = decltype(tag)::value;
    return LaunchEach(cuda::Embed<kType>{DataOf(w), static_cast<const int32_t*>(staged), out, t, w.k,
                                         static_cast<int64_t>(DTypeRowBytes(kType, w.k))},
                      stream);
  });
}

Status KernelOpSet::RmsNorm(const float* x, const float* weight, float eps, float* out, int64_t t, int64_t k,
                            Stream& stream) {
  return LaunchWarps(cuda::RmsNorm{x, weight, out, t, k, eps, 1, k}, stream);
}

Status KernelOpSet::RmsNormHeads(float* x, const float* weight, float eps, int64_t t, int heads, int head_dim,
                                 int64_t ld, Stream& stream) {
  return LaunchWarps(cuda::RmsNorm{x, weight, x, t * heads, head_dim, eps, heads, ld}, stream);
}

Status KernelOpSet::Rope(float* q, float* k, const int32_t* positions, const float* inv_freq, int64_t t, int heads,
                         int kv_heads, int head_dim, int rope_dim, int64_t ld, bool neox, Stream& stream) {
  if (t == 0) return {};
  RETORT_ASSIGN_OR_RETURN(const void* staged,
                          staging_.Put(positions, static_cast<size_t>(t) * sizeof *positions, stream));
  return LaunchEach(
      cuda::Rope{q, k, static_cast<const int32_t*>(staged), inv_freq, t, ld, heads, kv_heads, head_dim, rope_dim, neox},
      stream);
}

// One block of bytes, so that no part of it is given up for the next: the page tables of the step's sequences one
// after the other, then the rows, then for each row where its table begins. Rows of one sequence follow each other and
// share its table.
Result<PagedRows> KernelOpSet::StageRows(std::span<const AttentionRow> rows, Stream& stream) {
  std::vector<void*> pages;
  std::vector<int32_t> first_page(rows.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    const bool shared = r > 0 && rows[r].pages == rows[r - 1].pages;
    first_page[r] = shared ? first_page[r - 1] : static_cast<int32_t>(pages.size());
    const auto first = static_cast<size_t>(first_page[r]);
    const size_t wanted = first + static_cast<size_t>(rows[r].slot() / kKvPageTokens) + 1;
    while (pages.size() < wanted) pages.push_back(rows[r].pages[pages.size() - first]);
  }
  static_assert(sizeof(AttentionRow) % sizeof(void*) == 0);
  const size_t page_bytes = pages.size() * sizeof(void*);
  std::vector<std::byte> block(page_bytes + rows.size_bytes() + first_page.size() * sizeof(int32_t));
  __builtin_memcpy(block.data(), pages.data(), page_bytes);
  __builtin_memcpy(block.data() + page_bytes, rows.data(), rows.size_bytes());
  __builtin_memcpy(block.data() + page_bytes + rows.size_bytes(), first_page.data(),
                   first_page.size() * sizeof(int32_t));
  RETORT_ASSIGN_OR_RETURN(const void* staged, staging_.Put(block.data(), block.size(), stream));
  const auto* const bytes = static_cast<const std::byte*>(staged);
  return PagedRows{static_cast<void* const*>(staged),
                   reinterpret_cast<const int32_t*>(bytes + page_bytes + rows.size_bytes()),
                   reinterpret_cast<const AttentionRow*>(bytes + page_bytes)};
}

Status KernelOpSet::StoreKv(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows,
                            const KvLayout& layout, int layer, Stream& stream) {
  if (rows.empty()) return {};
  RETORT_ASSIGN_OR_RETURN(const PagedRows staged, StageRows(rows, stream));
  return ForKvType(layout.type, [&](auto tag) {
    return LaunchEach(cuda::StoreKv<decltype(tag)::value>{k, v, static_cast<int64_t>(rows.size()), ld, staged,
                                                          Plane(layout, layout.key_offset(layer)),
                                                          Plane(layout, layout.value_offset(layer))},
                      stream);
  });
}

Status KernelOpSet::MoveKv(std::span<const KvMove> moves, const KvLayout& layout, Stream& stream) {
  if (moves.empty()) return {};
  RETORT_RETURN_IF_ERROR(ForKvType(layout.type, [](auto) { return Status(); }));
  RETORT_ASSIGN_OR_RETURN(const void* staged, staging_.Put(moves.data(), moves.size_bytes(), stream));
  return LaunchEach(cuda::MoveKv{static_cast<const KvMove*>(staged), static_cast<int64_t>(moves.size()), layout},
                    stream);
}

Result<float*> KernelOpSet::ReserveScores(int64_t floats, Stream& stream) {
  const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
  if (scores_ == nullptr || scores_->size() < bytes) {
    RETORT_RETURN_IF_ERROR(stream.Synchronize());  // earlier work may still read the old ones
    scores_.reset();
    RETORT_ASSIGN_OR_RETURN(scores_,
                            device_.Allocate(std::max(bytes, static_cast<size_t>(score_floats_) * sizeof(float))));
  }
  return static_cast<float*>(scores_->data());
}

Status KernelOpSet::Attention(const float* q, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                              int layer, int heads, float scale, float* out, Precision /*precision*/, Stream& stream) {
  if (layout.kv_heads <= 0 || heads % layout.kv_heads != 0) {
    return InvalidArgument("cuda: attention with " + std::to_string(heads) +
                           " query heads needs a divisor of them as " + "key/value heads, got " +
                           std::to_string(layout.kv_heads));
  }
  const int64_t width = int64_t{heads} * layout.head_dim;
  size_t first = 0;
  while (first < rows.size()) {
    int64_t span = 0;  // tokens that the longest row of this pass sees
    size_t end = first;
    while (end < rows.size()) {
      const int64_t longer = std::max<int64_t>(span, rows[end].position + 1);
      if (end > first && static_cast<int64_t>(end + 1 - first) * heads * longer > score_floats_) break;
      span = longer;
      ++end;
    }
    const auto t = static_cast<int64_t>(end - first);
    RETORT_ASSIGN_OR_RETURN(float* const scores, ReserveScores(t * heads * span, stream));
    RETORT_ASSIGN_OR_RETURN(const PagedRows staged, StageRows(rows.subspan(first, end - first), stream));
    const float* const query = q + static_cast<int64_t>(first) * ld;
    float* const result = out + static_cast<int64_t>(first) * width;
    const Status status = ForKvType(layout.type, [&](auto tag) {
      return AttendRows<decltype(tag)::value>(query, result, scores, t, ld, span, staged, layout, layer, heads, scale,
                                              stream);
    });
    RETORT_RETURN_IF_ERROR(status);
    first = end;
  }
  return {};
}

Status KernelOpSet::SiluMul(const float* gate_up, float* out, int64_t t, int64_t f, Stream& stream) {
  return LaunchEach(cuda::SiluMul{gate_up, out, t, f}, stream);
}

Status KernelOpSet::AddBias(float* y, const float* bias, int64_t t, int64_t k, int64_t ldy, Stream& stream) {
  return LaunchEach(cuda::AddBias{y, bias, t, k, ldy}, stream);
}

std::vector<std::string> KernelOpSet::DispatchReport() const {
  std::vector<std::string> lines;
  for (const auto& [type, n, k, tokens, precision] : matmuls_) {
    lines.push_back("matmul " + std::string(DTypeName(type)) + " [" + std::to_string(n) + ", " + std::to_string(k) +
                    "]: warp an output row, " + std::to_string(tokens) + " tokens each" +
                    (precision == Precision::kFast ? "; fast: int8 activations declined, no such kernel" : ""));
  }
  return lines;
}

}  // namespace retort::cuda
