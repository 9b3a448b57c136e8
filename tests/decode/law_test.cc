// Every exact rule gives the law of plain decoding, for every kind of draft and every transform; known faults do not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include "core/decode/goodness_of_fit.h"
#include "plugins/draft/cascade_drafter.h"
#include "plugins/draft/lookup_drafter.h"
#include "plugins/draft/ngram_drafter.h"
#include "tests/decode/small_world.h"

namespace retort::testing {
namespace {

struct NamedDrafter {
  const char* name;
  Drafter drafter;
  bool block = false;
};
void PrintTo(const NamedDrafter& drafter, std::ostream* out) { *out << drafter.name; }

constexpr NamedDrafter kDrafters[] = {{"argmax", Drafter::kArgmax},       {"sampled", Drafter::kSampled},
                                      {"block", Drafter::kSampled, true}, {"ngram", Drafter::kNgram},
                                      {"tree", Drafter::kTree},           {"sampled tree", Drafter::kSampledTree},
                                      {"coupled", Drafter::kCoupled},     {"cascade", Drafter::kText}};

/// What the run has shown so far, as far as it is sure, then what the record itself has said: the drafts depend on what
/// came out before, are of any length up to the longest, and often empty.
std::unique_ptr<drafting::TextDrafter> Cascade() {
  std::vector<std::unique_ptr<drafting::TextDrafter>> drafters;
  drafters.push_back(*drafting::NgramDrafter::Create({.min_match = 1, .max_match = 2, .min_share = 0.45}));
  drafters.push_back(std::make_unique<drafting::LookupDrafter>(1, 2));
  return std::make_unique<drafting::CascadeDrafter>(std::move(drafters));
}

struct NamedTransform {
  const char* name;
  SamplingParams params;
};
std::vector<NamedTransform> Transforms() {
  return {{"none", {}},
          {"top_k", {.top_k = 2}},
          {"top_p", {.top_p = 0.8}},
          {"min_p", {.min_p = 0.3}},
          {"penalty", {.repetition_penalty = 1.6}},
          {"bias", {.logit_bias = {{0, 1.0f}, {2, -0.5f}}}},
          {"allowed", {.allowed = {0, 2}}}};
}

SamplingParams At(double temperature, SamplingParams params) {
  params.temperature = temperature;
  return params;
}

struct Cell {
  std::string name;
  Fit fit;
};

Cell RunCell(const NamedDrafter& drafter, const NamedTransform& transform, double temperature, uint64_t draws) {
  SmallWorld world(3, At(temperature, transform.params));
  world.acceptance.block = drafter.block;
  if (drafter.block || drafter.drafter == Drafter::kText) world.draft_length = 3;
  const auto cascade = Cascade();
  world.from_text = cascade.get();
  const std::string name = std::string(drafter.name) + ", " + transform.name + ", " + std::to_string(temperature);
  return {name, CompareCounts(world.Law(), world.Generate(drafter.drafter, draws))};
}

/// No cell differs from its law, at 1 % for all of them together.
void ExpectLaws(const std::vector<Cell>& cells) {
  std::vector<double> p_values;
  for (const Cell& cell : cells) p_values.push_back(cell.fit.p_value);
  const std::vector<double> corrected = HolmCorrected(p_values);
  for (size_t i = 0; i < cells.size(); ++i) {
    EXPECT_GT(corrected[i], 0.01) << cells[i].name << ": chi-square " << cells[i].fit.chi_square << " with "
                                  << cells[i].fit.freedom << " degrees of freedom";
  }
}

TEST(Law, EveryKindOfDraftKeepsIt) {
  std::vector<Cell> cells;
  for (const NamedDrafter& drafter : kDrafters) {
    for (const NamedTransform& transform : Transforms()) cells.push_back(RunCell(drafter, transform, 1, 100000));
  }
  ExpectLaws(cells);
}

// One test a kind of draft, so that they run side by side; Holm over the cells of one is the stricter bound.
class LawOfMillions : public ::testing::TestWithParam<NamedDrafter> {};

TEST_P(LawOfMillions, HoldsAtEveryTemperature_slow) {
  std::vector<Cell> cells;
  for (const NamedTransform& transform : Transforms()) {
    const std::string name = transform.name;
    if (name == "min_p" || name == "bias" || name == "allowed") continue;
    for (const double temperature : {0.5, 0.7, 1.0, 1.5})
      cells.push_back(RunCell(GetParam(), transform, temperature, 2000000));
  }
  ExpectLaws(cells);
  for (const Cell& cell : cells) EXPECT_LT(cell.fit.distance_bound, 0.003) << cell.name;
}

std::string DrafterName(const ::testing::TestParamInfo<NamedDrafter>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name + "_slow";
}
INSTANTIATE_TEST_SUITE_P(Drafters, LawOfMillions, ::testing::ValuesIn(kDrafters), DrafterName);

struct Control {
  InjectedFault fault;
  Drafter drafter;
  bool block;
};

TEST(Law, KnownFaultsAreCaught) {
  const Control controls[] = {{InjectedFault::kArgmaxAsSampled, Drafter::kSampled, false},
                              {InjectedFault::kArgmaxAsSampled, Drafter::kSampled, true},
                              {InjectedFault::kArgmaxAsSampled, Drafter::kSampledTree, false},
                              {InjectedFault::kResidualByPosition, Drafter::kSampled, false},
                              {InjectedFault::kResidualByPosition, Drafter::kSampled, true},
                              {InjectedFault::kResidualByPosition, Drafter::kSampledTree, false},
                              {InjectedFault::kNextPositionResample, Drafter::kSampled, false},
                              {InjectedFault::kNextPositionResample, Drafter::kSampled, true},
                              {InjectedFault::kNextPositionResample, Drafter::kNgram, false},
                              {InjectedFault::kNextPositionResample, Drafter::kTree, false},
                              {InjectedFault::kNextPositionResample, Drafter::kText, false},
                              {InjectedFault::kDraftBeforeTopP, Drafter::kSampled, false},
                              {InjectedFault::kDraftBeforeTopP, Drafter::kSampled, true}};
  for (const Control& control : controls) {
    const bool cut = control.fault == InjectedFault::kDraftBeforeTopP;
    SmallWorld world(3, {.temperature = 1, .top_p = cut ? 0.8 : 1.0});
    world.acceptance.fault = control.fault;
    world.acceptance.block = control.block;
    const auto cascade = Cascade();
    world.from_text = cascade.get();
    const Fit fit = CompareCounts(world.Law(), world.Generate(control.drafter, 200000));
    EXPECT_LT(fit.p_value, 1e-6) << InjectedFaultName(control.fault) << ", drafter "
                                 << static_cast<int>(control.drafter) << (control.block ? ", block" : "");
    EXPECT_GT(fit.distance_bound, 0.003);
  }
}

TEST(Law, FaultsHaveTheirNames) {
  EXPECT_EQ(InjectedFaults().size(), 4u);
  for (const InjectedFault fault : InjectedFaults()) EXPECT_EQ(FindInjectedFault(InjectedFaultName(fault)), fault);
  EXPECT_EQ(FindInjectedFault("nothing"), InjectedFault::kNone);
}

/// The chance that a block's first token stands.
double FirstAccepted(SmallWorld& world, Drafter drafter, uint64_t draws) {
  std::vector<int32_t> tokens;
  for (uint64_t record = 0; record < draws; ++record) {
    tokens.assign(1, 1);
    world.Block(drafter, {7, record, 1}, tokens);
  }
  return static_cast<double>(world.first_accepted) / static_cast<double>(world.drafted);
}

TEST(Law, AcceptanceIsThatOfTheTheory) {
  const std::vector<int32_t> prompt = {1};
  const std::vector<SamplingParams> settings = {
      {.temperature = 1}, {.temperature = 0.7, .top_p = 0.9}, {.temperature = 1.5, .repetition_penalty = 1.6}};
  for (size_t i = 0; i < settings.size(); ++i) {
    SmallWorld sampled(3 + i, settings[i]), argmax(3 + i, settings[i]);
    sampled.draft_length = argmax.draft_length = 1;
    std::vector<float> p, q;
    ASSERT_TRUE(Sampler(settings[i]).Probabilities(sampled.TargetLogits(prompt), prompt, &p).ok());
    ASSERT_TRUE(Sampler(settings[i]).Probabilities(sampled.DraftLogits(prompt), prompt, &q).ok());
    double overlap = 0;
    for (size_t token = 0; token < p.size(); ++token) overlap += static_cast<double>(std::min(p[token], q[token]));
    const std::span<const float> row = sampled.DraftLogits(prompt);
    const double best =
        static_cast<double>(p[static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin())]);
    ASSERT_GT(std::min(overlap, best), 0.4) << "five deviations of 400,000 draws are 1 %, " << i;
    EXPECT_NEAR(FirstAccepted(sampled, Drafter::kSampled, 400000), overlap, 0.01 * overlap) << i;
    EXPECT_NEAR(FirstAccepted(argmax, Drafter::kArgmax, 400000), best, 0.01 * best) << i;
  }
}

TEST(Law, BlockVerificationAcceptsNoLess) {
  uint64_t blocks[2];
  for (const bool block : {false, true}) {
    SmallWorld world(5, {.temperature = 1});
    world.acceptance.block = block;
    world.draft_length = 4;
    world.Generate(Drafter::kSampled, 200000);
    blocks[block ? 1 : 0] = world.drafted;
  }
  EXPECT_LT(blocks[1], blocks[0]) << "fewer blocks for as many tokens";
}

TEST(Law, TheDialGoesFromExactToRelaxed) {
  for (const Drafter drafter : {Drafter::kNgram, Drafter::kSampled, Drafter::kTree, Drafter::kSampledTree}) {
    double last_distance = -1, last_accepted = -1;
    for (const double lenience : {1.0, 0.7, 0.3}) {
      SmallWorld world(3, {.temperature = 1});
      world.acceptance.rule = AcceptanceRule::kLenient;
      world.acceptance.lenience = lenience;
      const std::vector<uint64_t> counts = world.Generate(drafter, 100000);
      const Fit fit = CompareCounts(world.Law(), counts);
      const double accepted = static_cast<double>(world.first_accepted) / static_cast<double>(world.drafted);
      EXPECT_GE(accepted, last_accepted) << lenience;
      EXPECT_GT(fit.distance, last_distance) << lenience;
      if (lenience == 1.0) {
        SmallWorld exact(3, {.temperature = 1});
        EXPECT_EQ(counts, exact.Generate(drafter, 100000)) << "1 is lossless, draw for draw";
      }
      last_distance = fit.distance;
      last_accepted = accepted;
    }
  }
}

}  // namespace
}  // namespace retort::testing
