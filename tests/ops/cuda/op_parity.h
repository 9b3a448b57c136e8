// Runs an operation with two OpSets over a table of shapes and compares the results. The subject may be the CUDA
// kernels on the CPU (kernels_test) or the module on a GPU (module_test); the oracle is `ref`.
#pragma once

#include "core/ops/ops.h"

namespace retort {

/// Each reports differences as GoogleTest failures that name operation and shape.
void ExpectMatMulAgrees(OpSet& oracle, OpSet& subject);
/// A token's row is the same bits alone, in a step of nine, and asked for as `fast`.
void ExpectMatMulIsTheSameInAnyBatch(OpSet& subject);
void ExpectEmbedAgrees(OpSet& oracle, OpSet& subject);
void ExpectRowOperationsAgree(OpSet& oracle, OpSet& subject);
void ExpectRopeAgrees(OpSet& oracle, OpSet& subject);
/// Several sequences, several rows of one, trees, pages in any order; the stored pages are compared too.
void ExpectAttentionAgrees(OpSet& oracle, OpSet& subject);
void ExpectMoveKvAgrees(OpSet& oracle, OpSet& subject);

inline void ExpectAllAgree(OpSet& oracle, OpSet& subject) {
  ExpectMatMulAgrees(oracle, subject);
  ExpectMatMulIsTheSameInAnyBatch(subject);
  ExpectEmbedAgrees(oracle, subject);
  ExpectRowOperationsAgree(oracle, subject);
  ExpectRopeAgrees(oracle, subject);
  ExpectAttentionAgrees(oracle, subject);
  ExpectMoveKvAgrees(oracle, subject);
}

}  // namespace retort
