#include "tests/ops/cuda/op_parity.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/ops/cuda/device_array.h"
#include "tests/support/weight_types.h"

namespace retort {
namespace {

using testing::kWeightTypes;
using testing::WholeBlocks;
constexpr float kTolerance = 1e-5f;  // float sums in another order

void ExpectOk(const Status& status, const std::string& what) {
  ASSERT_TRUE(status.ok()) << what << ": " << status.ToString();
}

std::unique_ptr<Stream> NewStream(OpSet& ops) { return std::move(ops.device().CreateStream().value()); }

std::vector<std::byte> RandomWeight(DType type, int64_t n, int64_t k, uint32_t seed) {
  const std::vector<float> values = RandomFloats(static_cast<size_t>(n * k), seed);
  std::vector<std::byte> rows(DTypeRowBytes(type, k) * static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    QuantiseRow(type, values.data() + i * k, rows.data() + static_cast<size_t>(i) * DTypeRowBytes(type, k), k);
  }
  return rows;
}

struct MatMulShape {
  int64_t t, n, k, gap;  // ldy = n + gap
};
constexpr std::array<MatMulShape, 8> kMatMulShapes = {{
    {1, 1, 32, 0},
    {1, 33, 64, 0},
    {2, 5, 96, 3},
    {7, 16, 576, 0},
    {8, 9, 192, 1},
    {9, 64, 576, 0},
    {17, 7, 1536, 64},
    {1, 576, 1536, 0},
}};

// y of the product with canaries in the gaps between rows, which must survive.
std::vector<float> MatMulResult(OpSet& ops, DType type, const MatMulShape& shape, bool accumulate,
                                Precision precision = Precision::kExact) {
  const auto [t, n, least, gap] = shape;
  const int64_t k = WholeBlocks(least, type);
  const std::vector<std::byte> weight = RandomWeight(type, n, k, 1);
  auto packed = ops.PackWeight(type, weight.data(), n, k);
  if (!packed.ok()) return {};
  const DeviceArray<float> x(ops.device(), RandomFloats(static_cast<size_t>(t * k), 2));
  const DeviceArray<float> y(ops.device(), RandomFloats(static_cast<size_t>(t * (n + gap)), 3));
  auto stream = NewStream(ops);
  ExpectOk(ops.MatMul(x.data(), **packed, y.data(), t, n + gap, accumulate, precision, *stream), "MatMul");
  ExpectOk(stream->Synchronize(), "MatMul");
  return y.Read();
}

struct RopeShape {
  int64_t t;
  int heads, kv_heads, head_dim, rope_dim;
  bool neox;
};
constexpr std::array<RopeShape, 5> kRopeShapes = {{
    {1, 9, 3, 64, 64, false},
    {5, 9, 3, 64, 64, true},
    {3, 2, 2, 32, 16, false},
    {3, 4, 1, 32, 16, true},
    {2, 1, 1, 2, 2, false},
}};

// Rows of q, k and v side by side, as the fused projection writes them, after rotation.
std::vector<float> RopeResult(OpSet& ops, const RopeShape& shape) {
  const int64_t ld = (shape.heads + 2 * int64_t{shape.kv_heads}) * shape.head_dim;
  const DeviceArray<float> qkv(ops.device(), RandomFloats(static_cast<size_t>(shape.t * ld), 4));
  std::vector<float> inverse;
  for (int i = 0; i < shape.rope_dim / 2; ++i) {
    inverse.push_back(std::pow(10000.0f, -2.0f * static_cast<float>(i) / static_cast<float>(shape.rope_dim)));
  }
  const DeviceArray<float> inv_freq(ops.device(), inverse);
  std::vector<int32_t> positions;
  for (int32_t i = 0; i < shape.t; ++i) positions.push_back(i * 511);
  auto stream = NewStream(ops);
  ExpectOk(ops.Rope(qkv.data(), qkv.data() + shape.heads * shape.head_dim, positions.data(), inv_freq.data(), shape.t,
                    shape.heads, shape.kv_heads, shape.head_dim, shape.rope_dim, ld, shape.neox, *stream),
           "Rope");
  ExpectOk(stream->Synchronize(), "Rope");
  return qkv.Read();
}

struct AttentionSequence {
  int past, added;    // tokens before this step and of it
  bool tree = false;  // those of the step are a tree
};
struct AttentionShape {
  int heads, kv_heads, head_dim;
  DType type;
  std::vector<AttentionSequence> sequences;
};
std::vector<AttentionShape> AttentionShapes() {
  std::vector<AttentionShape> shapes = {
      {1, 1, 4, DType::kF32, {{0, 1}}},
      {9, 3, 64, DType::kF32, {{31, 1}, {0, 33}, {70, 4}}},
      {9, 3, 64, DType::kF16, {{32, 1}, {5, 2}, {63, 3}}},
      {4, 4, 33, DType::kF16, {{100, 1}, {0, 40}}},
      {8, 1, 128, DType::kF32, {{64, 8}}},
      {9, 3, 64, DType::kF16, {{0, 64, true}, {300, 20, true}, {513, 1}}},
      {2, 1, 20, DType::kF32, {{255, 7, true}, {0, 1, true}, {29, 40, true}}},
  };
  std::mt19937 engine(12);
  const auto pick = [&engine](int from, int to) { return std::uniform_int_distribution<int>(from, to)(engine); };
  for (int i = 0; i < 16; ++i) {
    AttentionShape shape{0, pick(1, 3), pick(1, 70), i % 2 == 0 ? DType::kF32 : DType::kF16, {}};
    shape.heads = shape.kv_heads * pick(1, 13);
    for (int s = pick(1, 4); s > 0; --s) shape.sequences.push_back({pick(0, 140), pick(1, 12), pick(0, 2) == 0});
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

/// Rows of a sequence's tokens of the step. In a tree each token hangs on one of those before it or on the sequence.
void AddRows(const AttentionSequence& sequence, void* const* pages, std::vector<AttentionRow>& rows) {
  std::mt19937 engine(static_cast<uint32_t>(sequence.past));
  std::vector<uint64_t> paths;
  for (int i = 0; i < sequence.added; ++i) {
    if (!sequence.tree) {
      rows.push_back({pages, sequence.past + i});
      continue;
    }
    const int parent = std::uniform_int_distribution<int>(-1, i - 1)(engine);
    paths.push_back((parent < 0 ? 0 : paths[static_cast<size_t>(parent)]) | uint64_t{1} << i);
    const int depth = std::popcount(paths.back()) - 1;
    rows.push_back({pages, sequence.past + depth, sequence.past, paths.back()});
  }
}

struct AttentionResult {
  std::vector<float> out;
  std::vector<std::byte> pages;
};

std::vector<std::byte> NoisePages(const KvLayout& layout, int count) {
  std::vector<std::byte> pages(static_cast<size_t>(count) * layout.page_bytes());
  const auto elements = static_cast<int64_t>(pages.size() / (layout.type == DType::kF32 ? 4 : 2));
  QuantiseRow(layout.type, RandomFloats(static_cast<size_t>(elements), 5).data(), pages.data(), elements);
  return pages;
}

// Fills pages with earlier tokens' noise, stores the step's keys and values in layer 1 of 2, and attends. Pages of all
// sequences come from one pool, dealt from its end.
AttentionResult Attend(OpSet& ops, const AttentionShape& shape) {
  const KvLayout layout{2, shape.kv_heads, shape.head_dim, shape.type};
  std::vector<int> page_counts;
  int total_pages = 0, t = 0;
  for (const AttentionSequence& sequence : shape.sequences) {
    page_counts.push_back((sequence.past + sequence.added + kKvPageTokens - 1) / kKvPageTokens);
    total_pages += page_counts.back();
    t += sequence.added;
  }
  const DeviceArray<std::byte> pages(ops.device(), NoisePages(layout, total_pages));
  std::vector<std::vector<void*>> tables(page_counts.size());
  std::vector<AttentionRow> rows;
  int dealt = total_pages;
  for (size_t s = 0; s < tables.size(); ++s) {
    for (int p = 0; p < page_counts[s]; ++p) {
      tables[s].push_back(pages.data() + static_cast<size_t>(--dealt) * layout.page_bytes());
    }
    AddRows(shape.sequences[s], tables[s].data(), rows);
  }
  const int64_t query_width = int64_t{shape.heads} * shape.head_dim;
  const int64_t kv_width = int64_t{shape.kv_heads} * shape.head_dim;
  const int64_t ld = query_width + 2 * kv_width;
  const DeviceArray<float> qkv(ops.device(), RandomFloats(static_cast<size_t>(t * ld), 6));
  const DeviceArray<float> out(ops.device(), std::vector<float>(static_cast<size_t>(t * query_width), -7.0f));
  auto stream = NewStream(ops);
  const float* k = qkv.data() + query_width;
  ExpectOk(ops.StoreKv(k, k + kv_width, ld, rows, layout, 1, *stream), "StoreKv");
  ExpectOk(ops.Attention(qkv.data(), ld, rows, layout, 1, shape.heads, 1.0f / std::sqrt(float(shape.head_dim)),
                         out.data(), Precision::kExact, *stream),
           "Attention");
  ExpectOk(ops.Attention(qkv.data(), ld, {}, layout, 1, shape.heads, 1.0f, out.data(), Precision::kExact, *stream),
           "Attention of no rows");
  ExpectOk(stream->Synchronize(), "Attention");
  return {out.Read(), pages.Read()};
}

/// Moves slots between two pages and within one, where each reads what the one before wrote.
std::vector<std::byte> PagesAfterMoves(OpSet& ops, const KvLayout& layout) {
  const DeviceArray<std::byte> pages(ops.device(), NoisePages(layout, 2));
  std::byte* const second = pages.data() + layout.page_bytes();
  const std::vector<KvMove> moves = {
      {second, pages.data(), 3, 31}, {pages.data(), pages.data(), 31, 0}, {pages.data(), second, 0, 17}};
  auto stream = NewStream(ops);
  ExpectOk(ops.MoveKv(moves, layout, *stream), "MoveKv");
  ExpectOk(ops.MoveKv({}, layout, *stream), "MoveKv of nothing");
  ExpectOk(stream->Synchronize(), "MoveKv");
  return pages.Read();
}

}  // namespace

void ExpectMatMulAgrees(OpSet& oracle, OpSet& subject) {
  for (const DType type : kWeightTypes) {
    for (const MatMulShape& shape : kMatMulShapes) {
      for (const bool accumulate : {false, true}) {
        const std::string what = "matmul " + std::string(DTypeName(type)) + " t=" + std::to_string(shape.t) +
                                 " n=" + std::to_string(shape.n) + " k=" + std::to_string(shape.k) +
                                 (accumulate ? " accumulated" : "");
        const std::vector<float> got = MatMulResult(subject, type, shape, accumulate);
        ASSERT_FALSE(got.empty()) << what;
        const float tolerance =
            shape.t * shape.n == 1 ? 30 * kTolerance : kTolerance;  // a single sum may nearly cancel
        ExpectClose(MatMulResult(oracle, type, shape, accumulate), got, tolerance, what);
      }
    }
  }
}

void ExpectMatMulIsTheSameInAnyBatch(OpSet& subject) {
  for (const DType type : kWeightTypes) {
    const int64_t n = 40, k = 576;
    const std::vector<float> alone = MatMulResult(subject, type, {1, n, k, 0}, false);
    const std::vector<float> together = MatMulResult(subject, type, {9, n, k, 0}, false);
    ASSERT_EQ(together.size(), static_cast<size_t>(9 * n));
    EXPECT_EQ(alone, std::vector<float>(together.begin(), together.begin() + n)) << DTypeName(type);
    EXPECT_EQ(together, MatMulResult(subject, type, {9, n, k, 0}, false, Precision::kFast)) << DTypeName(type);
  }
}

void ExpectEmbedAgrees(OpSet& oracle, OpSet& subject) {
  const std::vector<int32_t> ids = {0, 99, 3, 3, 50};
  const auto t = static_cast<int64_t>(ids.size());
  for (const DType type : kWeightTypes) {
    const int64_t k = WholeBlocks(96, type);
    const std::vector<std::byte> weight = RandomWeight(type, 100, k, 7);
    std::vector<std::vector<float>> results;
    for (OpSet* ops : {&oracle, &subject}) {
      auto packed = ops->PackWeight(type, weight.data(), 100, k);
      ASSERT_TRUE(packed.ok()) << packed.status().ToString();
      const DeviceArray<float> out(ops->device(), std::vector<float>(ids.size() * static_cast<size_t>(k)));
      auto stream = NewStream(*ops);
      ExpectOk(ops->Embed(**packed, ids.data(), out.data(), t, *stream), "Embed");
      ExpectOk(stream->Synchronize(), "Embed");
      results.push_back(out.Read());
    }
    ExpectClose(results[0], results[1], 1e-7f, "embed " + std::string(DTypeName(type)));
  }
}

void ExpectRowOperationsAgree(OpSet& oracle, OpSet& subject) {
  const std::array<std::pair<int64_t, int64_t>, 5> shapes = {{{1, 1}, {1, 576}, {5, 31}, {3, 32}, {2, 1537}}};
  for (const auto& [t, k] : shapes) {
    const std::string shape = " t=" + std::to_string(t) + " k=" + std::to_string(k);
    std::vector<std::array<std::vector<float>, 5>> results;
    for (OpSet* ops : {&oracle, &subject}) {
      const DeviceArray<float> x(ops->device(), RandomFloats(static_cast<size_t>(t * 2 * k), 8));
      const DeviceArray<float> weight(ops->device(), RandomFloats(static_cast<size_t>(k), 9));
      const DeviceArray<float> normal(ops->device(), std::vector<float>(static_cast<size_t>(t * k)));
      const DeviceArray<float> gated(ops->device(), std::vector<float>(static_cast<size_t>(t * k)));
      auto stream = NewStream(*ops);
      ExpectOk(ops->RmsNorm(x.data(), weight.data(), 1e-5f, normal.data(), t, k, *stream), "RmsNorm");
      ExpectOk(ops->SiluMul(x.data(), gated.data(), t, k, *stream), "SiluMul");
      ExpectOk(ops->AddBias(x.data(), weight.data(), t, k, 2 * k, *stream), "AddBias");
      ExpectOk(stream->Synchronize(), "row operations");
      results.push_back({normal.Read(), gated.Read(), x.Read(), {}, {}});
      ExpectOk(ops->RmsNorm(normal.data(), weight.data(), 1e-5f, normal.data(), t, k, *stream), "RmsNorm in place");
      ExpectOk(stream->Synchronize(), "RmsNorm in place");
      results.back()[3] = normal.Read();
      // Three heads of each row, which has more behind them.
      const int64_t ld = 4 * k;
      const DeviceArray<float> heads(ops->device(), RandomFloats(static_cast<size_t>(t * ld), 10));
      ExpectOk(ops->RmsNormHeads(heads.data(), weight.data(), 1e-5f, t, 3, static_cast<int>(k), ld, *stream), "heads");
      ExpectOk(stream->Synchronize(), "RmsNormHeads");
      results.back()[4] = heads.Read();
    }
    const std::array names = {"rms norm", "silu", "bias", "rms norm in place", "rms norm of heads"};
    for (size_t i = 0; i < names.size(); ++i) {
      ExpectClose(results[0][i], results[1][i], kTolerance, names[i] + shape);
    }
  }
}

void ExpectRopeAgrees(OpSet& oracle, OpSet& subject) {
  for (const RopeShape& shape : kRopeShapes) {
    const std::string what = "rope t=" + std::to_string(shape.t) + " heads=" + std::to_string(shape.heads) + "/" +
                             std::to_string(shape.kv_heads) + " rope_dim=" + std::to_string(shape.rope_dim) +
                             (shape.neox ? " neox" : "");
    ExpectClose(RopeResult(oracle, shape), RopeResult(subject, shape), kTolerance, what);
  }
}

void ExpectAttentionAgrees(OpSet& oracle, OpSet& subject) {
  for (const AttentionShape& shape : AttentionShapes()) {
    const std::string what = "attention heads=" + std::to_string(shape.heads) + "/" + std::to_string(shape.kv_heads) +
                             " head_dim=" + std::to_string(shape.head_dim) + " " + std::string(DTypeName(shape.type)) +
                             " sequences=" + std::to_string(shape.sequences.size());
    const AttentionResult expected = Attend(oracle, shape);
    const AttentionResult got = Attend(subject, shape);
    EXPECT_TRUE(expected.pages == got.pages) << what << ": stored keys or values differ";
    ExpectClose(expected.out, got.out, kTolerance, what);
  }
}

void ExpectMoveKvAgrees(OpSet& oracle, OpSet& subject) {
  for (const DType type : {DType::kF32, DType::kF16}) {
    const KvLayout layout{3, 2, 5, type};
    const std::vector<std::byte> got = PagesAfterMoves(subject, layout);
    EXPECT_TRUE(PagesAfterMoves(oracle, layout) == got) << DTypeName(type);
    EXPECT_FALSE(NoisePages(layout, 2) == got) << DTypeName(type);
  }
}

}  // namespace retort
