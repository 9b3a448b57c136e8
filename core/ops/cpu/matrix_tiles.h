// The processor's matrix unit (Intel AMX): registers of 16 rows by 64 bytes, multiplied as a whole.
#pragma once

namespace retort::cpu {

/// Whether there is one that takes bfloat16, the system lends it to this process, and kernels may use it: their
/// instruction set is the best this processor has (see RETORT_MAX_ISA).
bool HasMatrixTiles();

}  // namespace retort::cpu
