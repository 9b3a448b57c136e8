// Attention over pages of keys and values, in three passes: scores, softmax, mixture of values.
#pragma once

#include "core/ops/cuda/kernels/elements.h"
#include "core/ops/ops.h"

namespace retort::cuda {

/// The rows of a step as device memory: row r stands at position[r] and its pages begin at pages[first_page[r]].
struct PagedRows {
  void* const* pages;
  const int32_t* first_page;
  const int32_t* position;
};

/// Where the keys (or values) of one layer lie in a page, as [kv_heads, kKvPageTokens, head_dim].
struct PagePlane {
  int64_t offset;  // bytes from the page's begin
  int kv_heads, head_dim;

  /// The page of `rows[row]` that holds `token`, at this plane.
  RETORT_HD void* In(const PagedRows& rows, int64_t row, int64_t token) const {
    return static_cast<char*>(rows.pages[rows.first_page[row] + token / kKvPageTokens]) + offset;
  }
  /// Index in the plane of the first element of a head at a token.
  RETORT_HD int64_t Index(int head, int64_t token) const {
    return (head * int64_t{kKvPageTokens} + token % kKvPageTokens) * head_dim;
  }
};

/// Store rows of k and v [T, G*D] at their positions.
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
    const int64_t token = rows.position[row];
    const int64_t to = keys.Index(static_cast<int>(column / keys.head_dim), token) + column % keys.head_dim;
    StoreElement<kType>(keys.In(rows, row, token), to, k[row * ld + column]);
    StoreElement<kType>(values.In(rows, row, token), to, v[row * ld + column]);
  }
};

/// scores[T, H, span] = q·k * scale for the tokens 0 to position of each row; the rest of the span is left as it is.
template <DType kType>
struct AttentionScores {
  using Partial = Floats<1>;
  const float* q;
  float* scores;
  int64_t t, ld, span;
  PagedRows rows;
  PagePlane keys;
  int heads;
  float scale;

  RETORT_HD int64_t Count() const { return t * heads * span; }
  RETORT_HD Partial Part(int64_t i, int lane) const {
    const int64_t token = i % span;
    const int head = static_cast<int>(i / span % heads);
    const int64_t row = i / span / heads;
    Partial sum{};
    if (token > rows.position[row]) return sum;
    const void* plane = keys.In(rows, row, token);
    const int64_t key = keys.Index(head / (heads / keys.kv_heads), token);
    const float* query = q + row * ld + int64_t{head} * keys.head_dim;
    for (int e = lane; e < keys.head_dim; e += kLanes) {
      sum.v[0] = fmaf(query[e], ElementAt<kType>(plane, key + e), sum.v[0]);
    }
    return sum;
  }
  RETORT_HD static Partial Merge(const Partial& a, const Partial& b) { return {{a.v[0] + b.v[0]}}; }
  RETORT_HD void Finish(int64_t i, int lane, const Partial& sum) const {
    if (lane == 0 && i % span <= rows.position[i / span / heads]) scores[i] = sum.v[0] * scale;
  }
};

/// Softmax over the tokens 0 to position of each of the [T, H] rows of scores, in place. A part is the greatest score
/// so far and the sum of exponentials relative to it. Source: Milakov & Gimelshein 2018.
struct AttentionSoftmax {
  using Partial = Floats<2>;
  float* scores;
  int64_t t, span;
  const int32_t* position;
  int heads;

  RETORT_HD int64_t Count() const { return t * heads; }
  RETORT_HD Partial Part(int64_t i, int lane) const {
    const float* row = scores + i * span;
    Partial part{{-INFINITY, 0.0f}};
    for (int64_t e = lane; e <= position[i / heads]; e += kLanes) part = Merge(part, {{row[e], 1.0f}});
    return part;
  }
  RETORT_HD static Partial Merge(const Partial& a, const Partial& b) {
    if (a.v[1] == 0.0f) return b;  // no token yet; its maximum would give infinity - infinity
    const float greatest = fmaxf(a.v[0], b.v[0]);
    return {{greatest, a.v[1] * expf(a.v[0] - greatest) + b.v[1] * expf(b.v[0] - greatest)}};
  }
  RETORT_HD void Finish(int64_t i, int lane, const Partial& total) const {
    float* row = scores + i * span;
    for (int64_t e = lane; e <= position[i / heads]; e += kLanes) row[e] = expf(row[e] - total.v[0]) / total.v[1];
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
    for (int64_t token = 0; token <= rows.position[row]; ++token) {
      const float value = ElementAt<kType>(values.In(rows, row, token), values.Index(kv_head, token) + e);
      sum = fmaf(probability[token], value, sum);
    }
    out[i] = sum;
  }
};

}  // namespace retort::cuda
