// Attention of a step on the CPU: the plan, the threads, and the partial results that they share.
// Thread-safety: one call at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/ops/cpu/attention_plan.h"
#include "core/ops/cpu/attention_tile.h"
#include "core/ops/ops.h"

namespace retort::cpu {

struct AttentionCall {
  const float* q = nullptr;  // rows `ld` floats apart
  int64_t ld = 0;
  std::span<const AttentionRow> rows;
  const KvLayout* layout = nullptr;
  int layer = 0, heads = 1;
  float scale = 1;
  float* out = nullptr;  // [rows, heads * head_dim]
  int threads = 1;
};

class PagedAttention {
 public:
  /// See OpSet::Attention.
  Status Run(const AttentionCall& call);

 private:
  /// The segments of a result that several units make.
  struct Share {
    int64_t states = 0;  // where their partial results begin in states_
    std::atomic<int> left{0};
  };
  void PlaceShares(const KvLayout& layout, int group);
  void Attend(const AttentionCall& call, const AttentionUnit& unit, TileScratch& scratch);

  AttentionPlan plan_;
  std::vector<float> states_;
  std::unique_ptr<Share[]> shares_;
  size_t share_capacity_ = 0;
};

}  // namespace retort::cpu
