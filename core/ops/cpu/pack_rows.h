// GGUF rows into the groups of weight_group.h: what a matrix goes through once, when its model is loaded.
#pragma once

#include <cstdint>

#include "core/ops/cpu/weight_group.h"

namespace retort::cpu {

/// Write rows [0, count) of the group at `to`, `count` up to GroupRows(type); the group's other rows are left alone.
/// `from` has `count` rows of k elements one after another, `to` GroupBytes(type, k) bytes. Thread-safe.
void PackRows(DType type, const void* from, int64_t k, int count, void* to);

}  // namespace retort::cpu
