// The types that weight matrices may have, for tests of every one of them.
#pragma once

#include <array>

#include "core/tensor/dtype.h"

namespace retort::testing {

inline constexpr std::array kWeightTypes = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0,
                                            DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,
                                            DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

/// `elements` rounded up to whole blocks of `type`.
inline int64_t WholeBlocks(int64_t elements, DType type) {
  const int block = DTypeBlockElements(type);
  return (elements + block - 1) / block * block;
}

}  // namespace retort::testing
