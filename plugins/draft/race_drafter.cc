#include "plugins/draft/race_drafter.h"

#include <algorithm>

namespace drafting {
namespace {

// What few counts lean on, in tokens. Wide enough that one lucky block decides nothing.
constexpr double kFirstRate = 0.5, kFirstWeight = 2, kMatchWeight = 8, kRecordWeight = 16;

}  // namespace

RaceDrafter::RaceDrafter(std::vector<std::unique_ptr<TextDrafter>> drafters)
    : drafters_(std::move(drafters)), counts_(drafters_.size()) {}

std::unique_ptr<TextDrafter::Memory> RaceDrafter::NewMemory() const {
  auto runners = std::make_unique<Runners>();
  for (const auto& drafter : drafters_) runners->of.push_back({drafter->NewMemory(), {}, 0, {}});
  return runners;
}

void RaceDrafter::Read(Memory& memory, std::span<const int32_t> tokens) {
  auto& runners = static_cast<Runners&>(memory);
  for (size_t i = 0; i < drafters_.size(); ++i) {
    Judge(i, runners.of[i], tokens);
    drafters_[i]->Read(*runners.of[i].memory, tokens);
  }
}

void RaceDrafter::Judge(size_t drafter, Runner& runner, std::span<const int32_t> tokens) {
  const size_t length = std::min(runner.guess.tokens.size(), tokens.size() - std::min(tokens.size(), runner.place));
  const auto came = tokens.subspan(std::min(tokens.size(), runner.place), length);
  const auto differs = std::mismatch(came.begin(), came.end(), runner.guess.tokens.begin()).first;
  const auto right = static_cast<uint64_t>(differs - came.begin());
  const uint64_t looked_at = std::min<uint64_t>(right + 1, length);
  Counts& counts = counts_[drafter];
  for (Acceptance* acceptance : {&counts.all, &counts.by_match[Bucket(runner.guess)], &runner.acceptance}) {
    acceptance->right += right;
    acceptance->looked_at += looked_at;
  }
  runner.guess.tokens.clear();
}

double RaceDrafter::Expected(size_t drafter, const Runner& runner) const {
  const Counts& counts = counts_[drafter];
  const double overall = counts.all.Rate(kFirstRate, kFirstWeight);
  const double of_match = counts.by_match[Bucket(runner.guess)].Rate(overall, kMatchWeight);
  const double rate = runner.acceptance.Rate(of_match, kRecordWeight);
  double expected = 0, all_right = 1;
  for (size_t i = 0; i < runner.guess.tokens.size(); ++i) expected += all_right *= rate;
  return expected;
}

Guess RaceDrafter::Continue(Memory& memory, const Text& text, size_t count) {
  auto& runners = static_cast<Runners&>(memory);
  const Guess* best = nullptr;
  double most = 0;
  for (size_t i = 0; i < drafters_.size(); ++i) {
    Runner& runner = runners.of[i];
    runner.guess = drafters_[i]->Continue(*runner.memory, text, count);
    runner.place = text.size();
    const double expected = Expected(i, runner);
    if (expected <= most) continue;
    most = expected;
    best = &runner.guess;
  }
  if (best == nullptr) return {{}, 0, name()};
  return *best;
}

retort::Status RaceDrafter::Finish() {
  for (const auto& drafter : drafters_) RETORT_RETURN_IF_ERROR(drafter->Finish());
  return {};
}

}  // namespace drafting
