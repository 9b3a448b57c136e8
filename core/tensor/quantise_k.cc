#include "core/tensor/quantise_k.h"

#include <algorithm>
#include <cmath>

namespace retort {
namespace {

constexpr float kTiny = 1e-15f;  // scales below it are taken for zero

int RoundTo(float value, int low, int high) {
  return static_cast<int>(std::clamp(std::nearbyint(value), static_cast<float>(low), static_cast<float>(high)));
}

/// x ≈ scale * q - low, with q from 0 to a top and low >= 0.
struct Affine {
  float scale = 0, low = 0;
};

/// Sums over a block of 32, weighted: what least squares for scale and low need once every q is chosen.
struct Moments {
  float w = 0, x = 0, q = 0, xq = 0, qq = 0;

  Affine Solve() const {
    const float determinant = w * qq - q * q;
    if (determinant <= 0) return {};
    const Affine fit{(w * xq - x * q) / determinant, (q * xq - qq * x) / determinant};
    return fit.low >= 0 ? fit : Affine{xq / qq, 0};
  }
};

/// The best of a search over steps somewhat narrower and wider than the range of the values.
template <int kTop>
Affine FitAffine(const float* x) {
  constexpr float kFirst = kTop == 15 ? -1.0f : -0.5f, kStep = 0.1f;
  constexpr int kSteps = kTop == 15 ? 20 : 15;
  float low = 0, high = x[0], squares = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
    squares += x[i] * x[i];
  }
  if (high <= low) return {0, -low};
  float weight[kQuantBlock];
  for (int i = 0; i < kQuantBlock; ++i) weight[i] = std::sqrt(squares / kQuantBlock) + std::fabs(x[i]);
  const auto integer = [&](int i, float inverse) { return RoundTo((x[i] - low) * inverse, 0, kTop); };

  Affine best;
  float least = INFINITY;
  const auto consider = [&](const Affine& fit, float inverse) {
    float error = 0;
    for (int i = 0; i < kQuantBlock; ++i) {
      const float off = fit.scale * static_cast<float>(integer(i, inverse)) - fit.low - x[i];
      error += weight[i] * off * off;
    }
    if (error < least) {
      least = error;
      best = fit;
    }
  };
  consider({(high - low) / kTop, -low}, kTop / (high - low));
  for (int step = 0; step <= kSteps; ++step) {
    const float inverse = (kTop + kFirst + kStep * static_cast<float>(step)) / (high - low);
    Moments sum;
    for (int i = 0; i < kQuantBlock; ++i) {
      const float w = weight[i], q = static_cast<float>(integer(i, inverse));
      sum.w += w;
      sum.x += w * x[i];
      sum.q += w * q;
      sum.xq += w * x[i] * q;
      sum.qq += w * q * q;
    }
    if (const Affine fit = sum.Solve(); fit.scale > 0) consider(fit, inverse);
  }
  return best;
}

/// The inverse of KScale and KMin.
void PutScales(const int (&scale)[8], const int (&low)[8], uint8_t (&to)[12]) {
  for (int j = 0; j < 4; ++j) {
    to[j] = static_cast<uint8_t>(scale[j] | scale[j + 4] >> 4 << 6);
    to[j + 4] = static_cast<uint8_t>(low[j] | low[j + 4] >> 4 << 6);
    to[j + 8] = static_cast<uint8_t>((scale[j + 4] & 15) | (low[j + 4] & 15) << 4);
  }
}

/// Everything but the integers of a block, which are returned in q.
template <int kTop, typename Block>
void RoundAffine(const float* x, Block* b, int (&q)[kSuperBlock]) {
  *b = {};
  Affine fit[8];
  float scale = 0, low = 0;
  for (int j = 0; j < 8; ++j) {
    fit[j] = FitAffine<kTop>(x + j * 32);
    scale = std::max(scale, fit[j].scale);
    low = std::max(low, fit[j].low);
  }
  int scales[8], lows[8];
  for (int j = 0; j < 8; ++j) {
    scales[j] = scale > 0 ? RoundTo(63 * fit[j].scale / scale, 0, 63) : 0;
    lows[j] = low > 0 ? RoundTo(63 * fit[j].low / low, 0, 63) : 0;
  }
  b->d = FloatToHalf(scale / 63);
  b->dmin = FloatToHalf(low / 63);
  PutScales(scales, lows, b->scales);
  for (int i = 0; i < kSuperBlock; ++i) {
    const float d = HalfToFloat(b->d) * static_cast<float>(scales[i / 32]);
    const float m = HalfToFloat(b->dmin) * static_cast<float>(lows[i / 32]);
    q[i] = d > 0 ? RoundTo((x[i] + m) / d, 0, kTop) : 0;
  }
}

template <typename Block>
void PutNibbles(const int (&q)[kSuperBlock], Block* b) {
  for (int i = 0; i < kSuperBlock; ++i) {
    uint8_t& to = b->q[i / 64 * 32 + i % 32];
    to = static_cast<uint8_t>(to | (q[i] & 15) << (i / 32 % 2 * 4));
  }
}

/// The scale of x ≈ scale * q, q from -32 to 31, that is best for 16 values weighted by their squares.
float FitScale(const float* x) {
  float extreme = 0;
  for (int i = 0; i < 16; ++i) extreme = std::fabs(x[i]) > std::fabs(extreme) ? x[i] : extreme;
  if (std::fabs(extreme) < kTiny) return 0;
  float scale = 0, most = 0;
  for (int step = -9; step <= 9; ++step) {
    const float inverse = -(32 + 0.1f * static_cast<float>(step)) / extreme;
    float xq = 0, qq = 0;
    for (int i = 0; i < 16; ++i) {
      const float q = static_cast<float>(RoundTo(x[i] * inverse, -32, 31)), w = x[i] * x[i];
      xq += w * x[i] * q;
      qq += w * q * q;
    }
    if (qq > 0 && xq * xq > most * qq) {
      scale = xq / qq;
      most = xq * scale;
    }
  }
  return scale;
}

}  // namespace

void Round(const float* x, BlockQ4_K* b) {
  int q[kSuperBlock];
  RoundAffine<15>(x, b, q);
  PutNibbles(q, b);
}

void Round(const float* x, BlockQ5_K* b) {
  int q[kSuperBlock];
  RoundAffine<31>(x, b, q);
  PutNibbles(q, b);
  for (int i = 0; i < kSuperBlock; ++i) {
    b->high[i % 32] = static_cast<uint8_t>(b->high[i % 32] | q[i] >> 4 << (i / 32));
  }
}

void Round(const float* x, BlockQ6_K* b) {
  *b = {};
  float scale[16], extreme = 0;
  for (int j = 0; j < 16; ++j) {
    scale[j] = FitScale(x + j * 16);
    if (std::fabs(scale[j]) > std::fabs(extreme)) extreme = scale[j];
  }
  b->d = FloatToHalf(extreme / -128);
  for (int j = 0; j < 16; ++j) {
    b->scales[j] = static_cast<int8_t>(extreme != 0 ? RoundTo(-128 * scale[j] / extreme, -128, 127) : 0);
  }
  for (int i = 0; i < kSuperBlock; ++i) {
    const float d = HalfToFloat(b->d) * static_cast<float>(b->scales[i / 16]);
    const int q = (d != 0 ? RoundTo(x[i] / d, -32, 31) : 0) + 32;
    uint8_t& low = b->q[i / 128 * 64 + i % 64];
    low = static_cast<uint8_t>(low | (q & 15) << (i / 64 % 2 * 4));
    uint8_t& high = b->high[i / 128 * 32 + i % 32];
    high = static_cast<uint8_t>(high | q >> 4 << (i / 32 % 4 * 2));
  }
}

}  // namespace retort
