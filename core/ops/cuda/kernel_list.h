// Every kernel that KernelOpSet launches, for the explicit instantiations of LaunchEach and LaunchWarps.
#pragma once

#include "core/ops/cuda/kernels/attention.h"
#include "core/ops/cuda/kernels/matmul.h"
#include "core/ops/cuda/kernels/rows.h"

#define RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, TYPE) \
  EACH(Embed<DType::TYPE>)                               \
  WARPS(MatMul<DType::TYPE, 1>)                          \
  WARPS(MatMul<DType::TYPE, kMatMulTile>)

#define RETORT_CUDA_KERNELS_OF_KV(EACH, WARPS, TYPE) \
  EACH(StoreKv<DType::TYPE>)                         \
  EACH(AttentionScores<DType::TYPE>)                 \
  EACH(AttentionMix<DType::TYPE>)

#define RETORT_CUDA_KERNELS(EACH, WARPS)            \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kF32)  \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kF16)  \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kBF16) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ8_0) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ4_0) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ4_1) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ5_0) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ5_1) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ4_K) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ5_K) \
  RETORT_CUDA_KERNELS_OF_WEIGHT(EACH, WARPS, kQ6_K) \
  RETORT_CUDA_KERNELS_OF_KV(EACH, WARPS, kF32)      \
  RETORT_CUDA_KERNELS_OF_KV(EACH, WARPS, kF16)      \
  WARPS(AttentionSoftmax)                           \
  EACH(MoveKv)                                      \
  WARPS(RmsNorm)                                    \
  EACH(Rope)                                        \
  EACH(SiluMul)                                     \
  EACH(AddBias)
