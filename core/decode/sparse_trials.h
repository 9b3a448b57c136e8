// Settings of the loop of Sirius that compete over texts. For one thread.
#pragma once

#include <functional>
#include <vector>

#include "core/decode/sirius_loop.h"
#include "core/decode/sparse_calibration.h"

namespace retort {

class SparseTrials {
 public:
  /// All settings of the grid: each kind and density even and uneven, uneven `fine` also by thresholds, each period and
  /// rule. References must outlive the object. Errors: those of SparsityFrom.
  static Result<SparseTrials> Create(Model& model, const SparseProfile& profile,
                                     const SparseCalibrationOptions& options);

  /// Let each setting that is left decode the beginning of a text, in an order of chance, so that a part of a round is
  /// an even sample. One that takes half as long again as plain decoding gives up early. `more` is asked before each;
  /// false where it said no. Errors: those of SiriusLoop.
  Result<bool> RunOn(const WrittenText& text, const std::function<bool(size_t done, size_t of)>& more);
  /// Under each rule keep the faster half, two at least.
  void LeaveSlowerHalf();

  size_t untried() const;
  /// The median of a step of plain decoding, 0 before any.
  double plain_seconds() const;
  /// Write to `profile` what was tried, in order of Ranked, and the first of each rule as its best: what was left
  /// behind was measured on fewer texts, and may owe its speed to them.
  void Report(SparseProfile* profile) const;

 private:
  struct Entry {
    SparseTrial trial;
    Sparsity sparsity;
    bool left = true;
    int64_t agreed = 0;
    // Of each period: tokens kept, seconds of the plain step beside it, and its own seconds over these.
    std::vector<double> kept = {}, plain = {}, cost = {};
  };
  SparseTrials(Model& model, int32_t tokens) : model_(model), tokens_(tokens) {}
  Status RunOne(const WrittenText& text, Entry* entry);
  /// The trial with its figures.
  SparseTrial Figures(const Entry& entry) const;
  /// Entries that have figures: of each rule first those left, by speed.
  std::vector<size_t> Ranked() const;

  Model& model_;
  int32_t tokens_;
  std::vector<Entry> entries_;
  uint64_t rounds_ = 0;
};

}  // namespace retort
