// Attention over pages of keys and values, in three passes: scores, softmax, mixture of values.
#pragma once

#include "core/ops/cuda/kernels/elements.h"
#include "core/ops/ops.h"

namespace retort::cuda {

/// The rows of a step as device memory: row r is rows[r], but its pages begin at pages[first_page[r]].
struct PagedRows {
  void* const* pages;
  const int32_t* first_page;
  const AttentionRow* rows;

  RETORT_HD int64_t Position(int64_t row) const { return rows[row].position; }
};

/// Where the keys or values of one layer lie in a page, as KvLayout says.
struct PagePlane {
  int64_t offset;  // bytes from the page's begin
  int kv_heads, head_dim;

  /// The page of `rows[row]` that holds `slot`, at this plane.
  RETORT_HD void* In(const PagedRows& rows, int64_t row, int64_t slot) const {
    return static_cast<char*>(rows.pages[rows.first_page[row] + slot / kKvPageTokens]) + offset;
  }
  /// Index in the plane of an element of a head's key at a slot; and of its value.
  RETORT_HD int64_t KeyIndex(int head, int64_t slot, int element) const {
    return (int64_t{head} * head_dim + element) * kKvPageTokens + slot % kKvPageTokens;
  }
  RETORT_HD int64_t ValueIndex(int head, int64_t slot, int element) const {
    return (head * int64_t{kKvPageTokens} + slot % kKvPageTokens) * head_dim + element;
  }
};

/// Store rows of k and v [T, G*D] in their slots.
template <DType kType>
struct StoreKv {
  const float* k;
  const float* v;
  int64_t t, ld;
  PagedRows rows;
  PagePlane keys, values;

  RETORT_HD int64_t Count() const { return t * keys.kv_heads * keys.head_dim; }
  RETORT_HD void operator()(int64_t i) const {
    const int64_t width = int64_t{keys.kv_heads} * keys.head_dim;
    const int64_t row = i / width;
    const int64_t column = i % width;
    const int64_t slot = rows.rows[row].slot();
    const int head = static_cast<int>(column / keys.head_dim);
    const int element = static_cast<int>(column % keys.head_dim);
    StoreElement<kType>(keys.In(rows, row, slot), keys.KeyIndex(head, slot, element), k[row * ld + column]);
    StoreElement<kType>(values.In(rows, row, slot), values.ValueIndex(head, slot, element), v[row * ld + column]);
  }
};

/// Copy slots of all layers: an index is an element of a layer's head, which makes all moves in order.
struct MoveKv {
  const KvMove* moves;
  int64_t count;
  KvLayout layout;

  RETORT_HD int64_t Count() const { return int64_t{layout.layers} * layout.kv_heads * layout.head_dim; }
  RETORT_HD void operator()(int64_t i) const {
    const int element = static_cast<int>(i % layout.head_dim);
    const int head = static_cast<int>(i / layout.head_dim % layout.kv_heads);
    const int64_t layer = i / layout.head_dim / layout.kv_heads;
    const int64_t size = layout.type == DType::kF32 ? 4 : 2;
    const int64_t plane = int64_t{layout.kv_heads} * kKvPageTokens * layout.head_dim;
    const PagePlane at{0, layout.kv_heads, layout.head_dim};
    for (int64_t m = 0; m < count; ++m) {
      const KvMove& move = moves[m];
      const int64_t keys = plane * 2 * layer, values = keys + plane;
      Copy(move, size, keys + at.KeyIndex(head, move.from_slot, element),
           keys + at.KeyIndex(head, move.to_slot, element));
      Copy(move, size, values + at.ValueIndex(head, move.from_slot, element),
           values + at.ValueIndex(head, move.to_slot, element));
    }
  }
  RETORT_HD static void Copy(const KvMove& move, int64_t size, int64_t from, int64_t to) {
    if (size == 4) {
      static_cast<uint32_t*>(move.to_page)[to] = static_cast<const uint32_t*>(move.from_page)[from];
    } else {
      static_cast<uint16_t*>(move.to_page)[to] = static_cast<const uint16_t*>(move.from_page)[from];
    }
  }
};

/// scores[T, H, span] = q·k * scale for the tokens 0 to position of each row; the rest of the span is left as it is.
/// Neighbouring threads read the same element of neighbouring slots.
template <DType kType>
struct AttentionScores {
  const float* q;
  float* scores;
  int64_t t, ld, span;
  PagedRows rows;
  PagePlane keys;
  int heads;
  float scale;

  RETORT_HD int64_t Count() const { return t * heads * span; }
  RETORT_HD void operator()(int64_t i) const {
    const auto token = static_cast<int32_t>(i % span);
    const int head = static_cast<int>(i / span % heads);
    const int64_t row = i / span / heads;
    if (token > rows.Position(row)) return;
    const int64_t slot = rows.rows[row].SlotOf(token);
    const void* plane = keys.In(rows, row, slot);
    const int64_t key = keys.KeyIndex(head / (heads / keys.kv_heads), slot, 0);
    const float* query = q + row * ld + int64_t{head} * keys.head_dim;
    float sum = 0.0f;
    for (int e = 0; e < keys.head_dim; ++e) {
      sum = fmaf(query[e], ElementAt<kType>(plane, key + int64_t{e} * kKvPageTokens), sum);
    }
    scores[i] = sum * scale;
  }
};

/// Softmax over the tokens 0 to position of each of the [T, H] rows of scores, in place. A part is the greatest score
/// so far and the sum of exponentials relative to it. Source: Milakov & Gimelshein 2018.
struct AttentionSoftmax {
  using Partial = Floats<2>;
  float* scores;
  int64_t t, span;
  PagedRows rows;
  int heads;

  RETORT_HD int64_t Count() const { return t * heads; }
  RETORT_HD Partial Part(int64_t i, int lane) const {
    const float* row = scores + i * span;
    Partial part{{-INFINITY, 0.0f}};
    for (int64_t e = lane; e <= rows.Position(i / heads); e += kLanes) part = Merge(part, {{row[e], 1.0f}});
    return part;
  }
  RETORT_HD static Partial Merge(const Partial& a, const Partial& b) {
    if (a.v[1] == 0.0f) return b;  // no token yet; its maximum would give infinity - infinity
    const float greatest = fmaxf(a.v[0], b.v[0]);
    return {{greatest, a.v[1] * expf(a.v[0] - greatest) + b.v[1] * expf(b.v[0] - greatest)}};
  }
  RETORT_HD void Finish(int64_t i, int lane, const Partial& total) const {
    float* row = scores + i * span;
    for (int64_t e = lane; e <= rows.Position(i / heads); e += kLanes) row[e] = expf(row[e] - total.v[0]) / total.v[1];
  }
};

/// out[T, H*D] = sum over tokens of probability * value, tokens in order.
template <DType kType>
struct AttentionMix {
  const float* scores;
  float* out;
  int64_t t, span;
  PagedRows rows;
  PagePlane values;
  int heads;

  RETORT_HD int64_t Count() const { return t * heads * values.head_dim; }
  RETORT_HD void operator()(int64_t i) const {
    const int e = static_cast<int>(i % values.head_dim);
    const int head = static_cast<int>(i / values.head_dim % heads);
    const int64_t row = i / values.head_dim / heads;
    const float* probability = scores + (row * heads + head) * span;
    const int kv_head = head / (heads / values.kv_heads);
    float sum = 0.0f;
    for (int32_t token = 0; token <= rows.Position(row); ++token) {
      const int64_t slot = rows.rows[row].SlotOf(token);
      const float value = ElementAt<kType>(values.In(rows, row, slot), values.ValueIndex(kv_head, slot, e));
      sum = fmaf(probability[token], value, sum);
    }
    out[i] = sum;
  }
};

}  // namespace retort::cuda
