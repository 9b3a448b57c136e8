#include "core/decode/uniform_cells.h"

#include <algorithm>
#include <numeric>

namespace retort {
namespace {

constexpr size_t kBins = 50, kGrid = 7;
constexpr size_t kLeastDraws = 20, kDrawsPerBin = 10;

size_t BinOf(double number, size_t bins) {
  return std::min(bins - 1, static_cast<size_t>(std::max(0.0, number) * static_cast<double>(bins)));
}

Cell MakeCell(const std::string& order, std::string place, const std::vector<uint64_t>& counts) {
  const std::vector<double> law(counts.size(), 1 / static_cast<double>(counts.size()));
  return {order, std::move(place), std::accumulate(counts.begin(), counts.end(), uint64_t{0}),
          CompareCounts(law, counts)};
}

Cell LineCell(const std::string& order, std::string place, const std::vector<double>& numbers) {
  std::vector<uint64_t> counts(std::clamp<size_t>(numbers.size() / kDrawsPerBin, 2, kBins));
  for (const double number : numbers) ++counts[BinOf(number, counts.size())];
  return MakeCell(order, std::move(place), counts);
}

}  // namespace

void UniformCells::Add(const std::vector<double>& numbers) {
  if (by_position_.size() < numbers.size()) by_position_.resize(numbers.size());
  for (std::vector<uint64_t>& grid : pairs_) grid.resize(kGrid * kGrid);
  for (size_t i = 0; i < numbers.size(); ++i) {
    by_position_[i].push_back(numbers[i]);
    if (i > 0) ++pairs_[(i - 1) % 2][BinOf(numbers[i - 1], kGrid) * kGrid + BinOf(numbers[i], kGrid)];
  }
}

std::vector<Cell> UniformCells::Cells() const {
  std::vector<Cell> cells;
  std::vector<double> all;
  for (size_t i = 0; i < by_position_.size(); ++i) {
    const std::vector<double>& numbers = by_position_[i];
    all.insert(all.end(), numbers.begin(), numbers.end());
    if (numbers.size() >= kLeastDraws) cells.push_back(LineCell(order_, "token " + std::to_string(i + 1), numbers));
  }
  if (all.size() >= kLeastDraws) cells.push_back(LineCell(order_, "all tokens", all));
  for (size_t first = 0; first < 2; ++first) {
    const auto count = std::accumulate(pairs_[first].begin(), pairs_[first].end(), uint64_t{0});
    if (count < kGrid * kGrid * kDrawsPerBin) continue;
    cells.push_back(MakeCell(order_, first == 0 ? "pairs 1-2, 3-4, .." : "pairs 2-3, 4-5, ..", pairs_[first]));
  }
  return cells;
}

void CorrectCells(std::vector<Cell>* cells) {
  std::vector<double> p_values;
  for (const Cell& cell : *cells) p_values.push_back(cell.fit.p_value);
  const std::vector<double> corrected = HolmCorrected(p_values);
  for (size_t i = 0; i < cells->size(); ++i) (*cells)[i].corrected = corrected[i];
}

}  // namespace retort
