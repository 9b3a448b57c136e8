// Numbers that must be uniform in [0, 1) and independent of each other, counted in cells and tested.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/decode/goodness_of_fit.h"

namespace retort {

/// One chi-square test.
struct Cell {
  std::string order;  // what the numbers are
  std::string place;  // "token 3", "all tokens", "pairs 1-2, 3-4, .."
  uint64_t draws = 0;
  Fit fit;
  double corrected = 1;  // p-value after Holm's correction over all cells of a test
};

class UniformCells {
 public:
  explicit UniformCells(std::string order) : order_(std::move(order)) {}

  /// The numbers of one sequence, by position.
  void Add(const std::vector<double>& numbers);

  /// A cell for each position, one for all, and two for pairs of neighbours that have no number in common. Those with
  /// too few draws to say anything are left out.
  std::vector<Cell> Cells() const;

 private:
  std::string order_;
  std::vector<std::vector<double>> by_position_;
  std::vector<uint64_t> pairs_[2];  // pairs that begin at even, at odd positions: counts on a grid
};

/// Fill in `corrected`.
void CorrectCells(std::vector<Cell>* cells);

}  // namespace retort
