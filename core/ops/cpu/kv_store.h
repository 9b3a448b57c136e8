// Keys and values of a step's rows into their pages.
#pragma once

#include <cstdint>
#include <span>

#include "core/ops/ops.h"

namespace retort::cpu {

/// See OpSet::StoreKv.
void StoreKvRows(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                 int layer, int threads);

}  // namespace retort::cpu
