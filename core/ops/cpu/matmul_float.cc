#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_float.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/ops/cpu/matmul_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/group_reader-inl.h"
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR  // plain loops over rows, for processors without vectors

void MatMulFloatTarget(const MatMulCall& c, int64_t begin, int64_t end) {
  const GroupedWeight& w = *c.w;
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kGroupRows; n < std::min(end * kGroupRows, w.n); ++n) {
    w.ExpandRow(n, row.data());
    for (int64_t i = 0; i < c.t; ++i) {
      float sum = 0;
      for (int64_t k = 0; k < w.k; ++k) sum += row[static_cast<size_t>(k)] * c.x[i * w.k + k];
      float& out = c.y[i * c.ldy + n];
      out = c.accumulate ? out + sum : sum;
    }
  }
}

void ExpandGroupsTarget(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kGroupRows; n < end * kGroupRows; ++n, ++panel) {
    w.ExpandRow(n, row.data());  // those beyond w.n are zeros
    for (int64_t i = 0; i < w.k; ++i) panel[i * stride] = row[static_cast<size_t>(i)];
  }
}

#else

/// kRows rows by kGroups groups, with weights that become floats in registers: for few rows.
template <DType kType, int kGroups, int kRows>
HWY_ATTR void NarrowTile(const MatMulCall& c, int64_t group, size_t lane, int64_t row) {
  using Reader = GroupReader<kType>;
  const F32 d;
  const int64_t k = c.w->k;
  const float* const x = c.x + row * k;
  Reader first(c.w->Group(group), lane), second(c.w->Group(group + kGroups - 1), lane);
  VF sum[kGroups][kRows];
  Unroll<kGroups * kRows>([&](auto i) RETORT_INLINE { sum[i / kRows][i % kRows] = hn::Zero(d); });
  for (int64_t step = 0; step < k / Reader::kInputs; ++step) {
    PrefetchAhead<Reader::kBytes>(first.p, step);
    first.Begin(step);
    if constexpr (kGroups > 1) {
      PrefetchAhead<Reader::kBytes>(second.p, step);
      second.Begin(step);
    }
    const float* const at = x + step * Reader::kInputs;
    Unroll<Reader::kInputs>([&](auto input) RETORT_INLINE {
      constexpr int kInput = decltype(input)::value;
      const VF w0 = first.template Load<kInput>();
      VF w1 = w0;
      if constexpr (kGroups > 1) w1 = second.template Load<kInput>();
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        const VF value = hn::Set(d, at[r * k + kInput]);
        sum[0][r] = hn::MulAdd(w0, value, sum[0][r]);
        if constexpr (kGroups > 1) sum[1][r] = hn::MulAdd(w1, value, sum[1][r]);
      });
    });
  }
  Unroll<kGroups * kRows>([&](auto i) RETORT_INLINE {
    const int64_t output = (group + i / kRows) * kGroupRows + static_cast<int64_t>(lane);
    StoreOutputs(sum[i / kRows][i % kRows], c.y + (row + i % kRows) * c.ldy, output, c.w->n, c.accumulate);
  });
}

template <DType kType, int kGroups>
HWY_ATTR void Narrow(const MatMulCall& c, int64_t group) {
  for (size_t lane = 0; lane < kGroupRows; lane += kLanes) {
    switch (c.t) {
      case 1: NarrowTile<kType, kGroups, 1>(c, group, lane, 0); break;
      case 2: NarrowTile<kType, kGroups, 2>(c, group, lane, 0); break;
      case 3: NarrowTile<kType, kGroups, 3>(c, group, lane, 0); break;
      default: NarrowTile<kType, kGroups, 4>(c, group, lane, 0); break;
    }
  }
}
constexpr int64_t kNarrowRows = 4;

/// A group's weights as floats: rows of 8, `stride` apart, one for each input.
template <DType kType>
HWY_ATTR void ExpandGroup(const void* group, int64_t k, float* panel, int64_t stride) {
  using Reader = GroupReader<kType>;
  for (size_t lane = 0; lane < kGroupRows; lane += kLanes) {
    Reader reader(group, lane);
    for (int64_t step = 0; step < k / Reader::kInputs; ++step) {
      reader.Begin(step);
      Unroll<Reader::kInputs>([&](auto input) RETORT_INLINE {
        constexpr int kInput = decltype(input)::value;
        hn::StoreU(reader.template Load<kInput>(), F32(), panel + (step * Reader::kInputs + kInput) * stride + lane);
      });
    }
  }
}

/// kRows rows by two expanded groups.
template <int kRows>
HWY_ATTR void WideTile(const MatMulCall& c, const float* panel0, const float* panel1, int64_t group, size_t lane,
                       int64_t row) {
  const F32 d;
  const int64_t k = c.w->k;
  const float* const x = c.x + row * k;
  VF sum0[kRows], sum1[kRows];
  Unroll<kRows>([&](auto r) RETORT_INLINE { sum0[r] = sum1[r] = hn::Zero(d); });
  for (int64_t i = 0; i < k; ++i) {
    const VF w0 = hn::LoadU(d, panel0 + i * kGroupRows + lane), w1 = hn::LoadU(d, panel1 + i * kGroupRows + lane);
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const VF value = hn::Set(d, x[r * k + i]);
      sum0[r] = hn::MulAdd(w0, value, sum0[r]);
      sum1[r] = hn::MulAdd(w1, value, sum1[r]);
    });
  }
  const int64_t output = group * kGroupRows + static_cast<int64_t>(lane);
  Unroll<kRows>([&](auto r) RETORT_INLINE {
    float* const y = c.y + (row + r) * c.ldy;
    StoreOutputs(sum0[r], y, output, c.w->n, c.accumulate);
    if (panel1 != panel0) StoreOutputs(sum1[r], y, output + kGroupRows, c.w->n, c.accumulate);
  });
}

/// All rows by one group or two, whose weights are expanded once.
template <DType kType>
HWY_ATTR void Wide(const MatMulCall& c, int64_t group, int groups, float* scratch) {
  const float* panels[2];
  for (int g = 0; g < groups; ++g) {
    if constexpr (kType == DType::kF32) {
      panels[g] = reinterpret_cast<const float*>(c.w->Group(group + g));
    } else {
      float* const panel = scratch + g * c.w->k * kGroupRows;
      ExpandGroup<kType>(c.w->Group(group + g), c.w->k, panel, kGroupRows);
      panels[g] = panel;
    }
  }
  if (groups == 1) panels[1] = panels[0];
  for (size_t lane = 0; lane < kGroupRows; lane += kLanes) {
    int64_t row = 0;
    for (; row + 6 <= c.t; row += 6) WideTile<6>(c, panels[0], panels[1], group, lane, row);
    switch (c.t - row) {
      case 1: WideTile<1>(c, panels[0], panels[1], group, lane, row); break;
      case 2: WideTile<2>(c, panels[0], panels[1], group, lane, row); break;
      case 3: WideTile<3>(c, panels[0], panels[1], group, lane, row); break;
      case 4: WideTile<4>(c, panels[0], panels[1], group, lane, row); break;
      case 5: WideTile<5>(c, panels[0], panels[1], group, lane, row); break;
      default: break;
    }
  }
}

template <DType kType>
HWY_ATTR void Groups(const MatMulCall& c, int64_t begin, int64_t end) {
  if (c.t <= kNarrowRows) {
    for (; begin + 2 <= end; begin += 2) Narrow<kType, 2>(c, begin);
    if (begin < end) Narrow<kType, 1>(c, begin);
    return;
  }
  thread_local std::vector<float> scratch;
  if (kType != DType::kF32) scratch.resize(static_cast<size_t>(2 * kGroupRows * c.w->k));
  for (; begin < end; begin += 2) Wide<kType>(c, begin, end - begin >= 2 ? 2 : 1, scratch.data());
}

HWY_ATTR void MatMulFloatTarget(const MatMulCall& c, int64_t begin, int64_t end) {
  switch (c.w->type) {
    case DType::kF32: return Groups<DType::kF32>(c, begin, end);
    case DType::kF16: return Groups<DType::kF16>(c, begin, end);
    case DType::kBF16: return Groups<DType::kBF16>(c, begin, end);
    case DType::kQ8_0: return Groups<DType::kQ8_0>(c, begin, end);
    case DType::kQ4_0: return Groups<DType::kQ4_0>(c, begin, end);
    case DType::kQ4_1: return Groups<DType::kQ4_1>(c, begin, end);
    case DType::kQ5_0: return Groups<DType::kQ5_0>(c, begin, end);
    case DType::kQ5_1: return Groups<DType::kQ5_1>(c, begin, end);
    case DType::kQ4_K: return Groups<DType::kQ4_K>(c, begin, end);
    case DType::kQ5_K: return Groups<DType::kQ5_K>(c, begin, end);
    case DType::kQ6_K: return Groups<DType::kQ6_K>(c, begin, end);
    case DType::kI32: return;
  }
}

template <DType kType>
HWY_ATTR void Expand(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  for (int64_t group = begin; group < end; ++group, panel += kGroupRows) {
    ExpandGroup<kType>(w.Group(group), w.k, panel, stride);
  }
}

HWY_ATTR void ExpandGroupsTarget(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  switch (w.type) {
    case DType::kF32: return Expand<DType::kF32>(w, begin, end, panel, stride);
    case DType::kF16: return Expand<DType::kF16>(w, begin, end, panel, stride);
    case DType::kBF16: return Expand<DType::kBF16>(w, begin, end, panel, stride);
    case DType::kQ8_0: return Expand<DType::kQ8_0>(w, begin, end, panel, stride);
    case DType::kQ4_0: return Expand<DType::kQ4_0>(w, begin, end, panel, stride);
    case DType::kQ4_1: return Expand<DType::kQ4_1>(w, begin, end, panel, stride);
    case DType::kQ5_0: return Expand<DType::kQ5_0>(w, begin, end, panel, stride);
    case DType::kQ5_1: return Expand<DType::kQ5_1>(w, begin, end, panel, stride);
    case DType::kQ4_K: return Expand<DType::kQ4_K>(w, begin, end, panel, stride);
    case DType::kQ5_K: return Expand<DType::kQ5_K>(w, begin, end, panel, stride);
    case DType::kQ6_K: return Expand<DType::kQ6_K>(w, begin, end, panel, stride);
    case DType::kI32: return;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulFloatTarget);
HWY_EXPORT(ExpandGroupsTarget);

void MatMulFloat(const MatMulCall& call, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(MatMulFloatTarget)(call, begin, end);
}
void ExpandGroups(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(ExpandGroupsTarget)(w, begin, end, panel, stride);
}
}  // namespace retort::cpu
#endif
