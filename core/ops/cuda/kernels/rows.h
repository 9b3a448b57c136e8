// Operations on rows of activations: normalisation, rotation, gate, bias.
#pragma once

#include "core/ops/cuda/kernels/host_device.h"

namespace retort::cuda {

/// out[T, K] = x / sqrt(mean(x²) + eps) * weight; out may be x. Source: Zhang & Sennrich 2019.
/// Rows come in groups (the heads of a token) whose begins are ld floats apart, in x as in out.
struct RmsNorm {
  using Partial = Floats<1>;
  const float* x;
  const float* weight;
  float* out;
  int64_t t, k;  // all rows
  float eps;
  int64_t group, ld;

  RETORT_HD int64_t Count() const { return t; }
  RETORT_HD int64_t Begin(int64_t i) const { return i / group * ld + i % group * k; }
  RETORT_HD Partial Part(int64_t i, int lane) const {
    const float* const row = x + Begin(i);
    Partial sum{};
    for (int64_t e = lane; e < k; e += kLanes) sum.v[0] = fmaf(row[e], row[e], sum.v[0]);
    return sum;
  }
  RETORT_HD static Partial Merge(const Partial& a, const Partial& b) { return {{a.v[0] + b.v[0]}}; }
  RETORT_HD void Finish(int64_t i, int lane, const Partial& sum) const {
    const float scale = 1.0f / sqrtf(sum.v[0] / static_cast<float>(k) + eps);
    const int64_t begin = Begin(i);
    for (int64_t e = lane; e < k; e += kLanes) out[begin + e] = x[begin + e] * scale * weight[e];
  }
};

/// Rotate pairs of q [T, H*D] and k [T, G*D] in place. Source: Su et al. 2021.
struct Rope {
  float* q;
  float* k;
  const int32_t* positions;
  const float* inv_freq;
  int64_t t, ld;
  int heads, kv_heads, head_dim, rope_dim;
  bool neox;

  RETORT_HD int64_t Count() const { return t * (heads + kv_heads) * (rope_dim / 2); }
  RETORT_HD void operator()(int64_t i) const {
    const int half = rope_dim / 2;
    const int pair = static_cast<int>(i % half);
    const int head = static_cast<int>(i / half % (heads + kv_heads));
    const int64_t token = i / half / (heads + kv_heads);
    float* vector = token * ld + (head < heads ? q + head * head_dim : k + (head - heads) * head_dim);
    float& a = vector[neox ? pair : 2 * pair];
    float& b = vector[neox ? pair + half : 2 * pair + 1];
    // The angle as a sum of two floats: at position 2000 the first alone is off by up to 6e-5.
    const float position = static_cast<float>(positions[token]);
    const float angle = position * inv_freq[pair];
    const float rest = fmaf(position, inv_freq[pair], -angle);
    const float cosine = fmaf(-rest, sinf(angle), cosf(angle));
    const float sine = fmaf(rest, cosf(angle), sinf(angle));
    const float rotated = a * cosine - b * sine;
    b = a * sine + b * cosine;
    a = rotated;
  }
};

/// out[T, F] = silu(gate) * up with gate_up [T, 2F].
struct SiluMul {
  const float* gate_up;
  float* out;
  int64_t t, f;

  RETORT_HD int64_t Count() const { return t * f; }
  RETORT_HD void operator()(int64_t i) const {
    const float* row = gate_up + i / f * 2 * f;
    const float gate = row[i % f];
    out[i] = gate / (1.0f + expf(-gate)) * row[f + i % f];
  }
};

/// y[T, K] += bias[K], rows ldy apart.
struct AddBias {
  float* y;
  const float* bias;
  int64_t t, k, ldy;

  RETORT_HD int64_t Count() const { return t * k; }
  RETORT_HD void operator()(int64_t i) const { y[i / k * ldy + i % k] += bias[i % k]; }
};

}  // namespace retort::cuda
