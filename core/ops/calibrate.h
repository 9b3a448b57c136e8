// What this processor can do at most: the limits that measured speeds are held against.
#pragma once

#include "retort/status.h"

namespace retort {

struct Calibration {
  int threads = 1;
  double read_bytes_per_second = 0;  // streaming from memory, all threads together
  double f32_flops_per_second = 0;   // multiply-adds in registers, two operations each
  double int8_ops_per_second = 0;  // products of bytes summed in 16 and then 32 bits, as in MatMul; two operations each
  double bf16_flops_per_second = 0;  // of the matrix unit; 0 where there is none
};

/// Measure with `threads` threads (0 = as many as the process may use) for about `seconds` a figure; the best round
/// counts, so that a busy machine disturbs little. Takes 256 MiB of memory for the time.
/// Errors: kInvalidArgument for threads below 0 or seconds that are not positive, kResourceExhausted without the
/// memory.
Result<Calibration> Calibrate(int threads = 0, double seconds = 0.2);

}  // namespace retort
