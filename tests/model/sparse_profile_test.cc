// Profiles of sparse models: what is written is read, what does not fit is refused, densities and thresholds follow.
#include "core/model/sparse_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "core/base/random.h"
#include "core/model/sparse_densities.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

SparseProfile SomeProfile() {
  SparseProfile profile;
  profile.made_for = {.model = "m", .fingerprint = 0xfedcba9876543210u, .layers = 3};
  profile.neurons = 96;
  profile.densities = {0.25, 0.5, 0.75};
  profile.coarse = {{0.9, 0.3, 0.1}, {0.09, 0.03, 0.01}, {3, 1, 0.25}};
  profile.fine = {{0.3, 0.1, 0.0625}, {0.3, 0.1, 0}, {0.25, 0.125, 0.0625}};
  profile.threshold_densities = {0.1, 0.5, 0.9};
  profile.thresholds = {{1, 0.5, 0.1}, {2, 1, 0.2}, {4, 2, 0.4}};
  profile.weights = "q8_0";
  const SparseTrial lossless{.kind = SparsityKind::kFine,
                             .density = 0.5,
                             .uneven = true,
                             .thresholds = true,
                             .period = 4,
                             .checks = 12,
                             .aal = 3.25,
                             .effective_density = 1.125,
                             .agreement = 1,
                             .speed = 0.875,
                             .speed_error = 0.125};
  SparseTrial lossy = lossless;
  lossy.kind = SparsityKind::kCoarse;
  lossy.threshold = 0.1;
  lossy.thresholds = lossy.uneven = false;
  profile.trials = {lossless, lossy};
  profile.best = {lossy};
  return profile;
}

double Mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(SparseProfile, ReadsWhatItWrites) {
  const SparseProfile profile = SomeProfile();
  const testing::TemporaryFolder folder;
  const auto read = ReadSparseProfile(folder.Write("p.json", SparseProfileText(profile)));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(SparseProfileText(*read), SparseProfileText(profile));
  EXPECT_EQ(read->made_for.fingerprint, profile.made_for.fingerprint);
  EXPECT_EQ(read->fine, profile.fine);
  EXPECT_EQ(read->thresholds, profile.thresholds);
  EXPECT_EQ(read->trials, profile.trials);
  EXPECT_EQ(read->best, profile.best);
}

TEST(SparseProfile, NamesThePlaceOfDamage) {
  const std::string good = SparseProfileText(SomeProfile());
  const auto with = [&](const std::function<void(nlohmann::json&)>& change) {
    nlohmann::json json = nlohmann::json::parse(good);
    change(json);
    return json.dump();
  };
  const std::pair<std::string, const char*> cases[] = {
      {"{", "no JSON"},
      {good.substr(0, good.size() / 2), "no JSON"},
      {"{}", "retort_sparse_profile: expected 1, got nothing"},
      {with([](auto& json) { json["retort_sparse_profile"] = 2; }), "retort_sparse_profile: expected 1, got 2"},
      {with([](auto& json) { json["layers"] = 0; }), "layers: expected the number of the model's layers, got 0"},
      {with([](auto& json) { json["layers"] = 4; }), "sensitivity.coarse: expected a list for each of 4 layers"},
      {with([](auto& json) { json["fingerprint"] = "x"; }), "fingerprint: expected a hexadecimal number in quotes"},
      {with([](auto& json) { json["neurons"] = 1.5; }), "neurons: expected the number of a layer's neurons, got 1.5"},
      {with([](auto& json) { json["sensitivity"].erase("densities"); }),
       "sensitivity.densities: expected a list of numbers, got nothing"},
      {with([](auto& json) { json["sensitivity"]["densities"][1] = 0.2; }),
       "sensitivity.densities[1]: expected densities that ascend, in (0, 1), got 0.2"},
      {with([](auto& json) { json["sensitivity"]["densities"][2] = 1; }), "sensitivity.densities[2]"},
      {with([](auto& json) { json["sensitivity"]["fine"][2].erase(0); }),
       "sensitivity.fine[2]: expected a list of 3 numbers, got [0.125,0.0625]"},
      {with([](auto& json) { json["sensitivity"]["fine"][1][2] = -1; }),
       "sensitivity.fine[1][2]: expected a number, 0 or more, got -1"},
      {with([](auto& json) { json["thresholds"]["magnitudes"][0] = "much"; }),
       "thresholds.magnitudes[0]: expected a list of 3 numbers, got \"much\""},
      {with([](auto& json) { json["measured"]["trials"][1]["kind"] = "none"; }),
       "measured.trials[1].kind: expected \"coarse\" or \"fine\", got \"none\""},
      {with([](auto& json) { json["measured"]["best"][0].erase("aal"); }),
       "measured.best[0].aal: expected a number, got nothing"}};
  const testing::TemporaryFolder folder;
  for (const auto& [text, part] : cases) {
    const Status status = ReadSparseProfile(folder.Write("sparse.json", text)).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << part;
    for (const char* each : {"sparse.json: ", part, "make the profile anew with `retort sparse calibrate`"})
      EXPECT_THAT(status.message(), HasSubstr(each));
  }
  EXPECT_EQ(ReadSparseProfile(folder.path() + "/none.json").status().code(), StatusCode::kNotFound);
}

TEST(SparseTrial, PaysBeyondDoubt) {
  SparseTrial trial{.speed = 1.2, .speed_error = 0.09};
  EXPECT_TRUE(trial.pays());
  trial.speed_error = 0.11;
  EXPECT_FALSE(trial.pays());
  trial.speed = 0.99, trial.speed_error = 0;
  EXPECT_FALSE(trial.pays());
}

TEST(SparseProfile, IsForOneModel) {
  const auto load = [](uint64_t seed) {
    ModelConfig config;
    config.source = testing::WriteTinyModel(testing::TempPath("tiny" + std::to_string(seed) + ".gguf"), {.seed = seed});
    return *Model::Load(config);
  };
  const auto own = load(1), other = load(2);
  SparseProfile profile = SomeProfile();
  profile.made_for = {.model = "tiny", .fingerprint = own->Fingerprint(), .layers = 2};
  EXPECT_TRUE(profile.CheckFits(*own).ok());
  const Status refused = profile.CheckFits(*other);
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
  for (const char* part :
       {"expected a profile of ", "got one of tiny", "make one with `retort sparse calibrate --model"})
    EXPECT_THAT(refused.message(), HasSubstr(part));
}

TEST(AllocateDensities, IsTheBestOfAllGridsOfTheMean) {
  const std::vector<double> grid = {0.2, 0.4, 0.6, 0.8};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    // Four layers whose losses are convex: gains fall from step to step.
    std::vector<std::vector<double>> losses;
    for (uint64_t layer = 0; layer < 4; ++layer) {
      std::vector<double> gains;
      for (uint32_t i = 0; i < 4; ++i) gains.push_back(RandomUniform({seed, layer, 0, 0, i}));
      std::sort(gains.begin(), gains.end());
      std::vector<double> loss(4, gains[0]);
      for (size_t i = 3; i-- > 0;) loss[i] = loss[i + 1] + gains[3 - i];
      losses.push_back(loss);
    }
    const auto loss_of = [&](size_t layer, size_t step) { return step < 4 ? losses[layer][step] : 0; };
    for (size_t steps = 0; steps <= 16; ++steps) {  // fifths above the least, over all layers
      double best = INFINITY;
      for (size_t code = 0; code < 625; ++code) {
        const size_t at[] = {code % 5, code / 5 % 5, code / 25 % 5, code / 125};
        if (at[0] + at[1] + at[2] + at[3] != steps) continue;
        best = std::min(best, loss_of(0, at[0]) + loss_of(1, at[1]) + loss_of(2, at[2]) + loss_of(3, at[3]));
      }
      const double mean = 0.2 + 0.2 * static_cast<double>(steps) / 4;
      const std::vector<double> found = AllocateDensities(grid, losses, mean);
      double loss = 0;
      for (size_t layer = 0; layer < 4; ++layer) loss += loss_of(layer, static_cast<size_t>(found[layer] * 5 - 0.5));
      EXPECT_NEAR(loss, best, 1e-9) << "seed " << seed << ", mean " << mean;
      EXPECT_NEAR(std::accumulate(found.begin(), found.end(), 0.0), 4 * mean, 1e-9);
    }
  }
}

TEST(AllocateDensities, PassesOverBumps) {
  // Layer 0 seems worse at 0.6 than at 0.4; on its hull it loses evenly between 0.2 and 1.
  const std::vector<std::vector<double>> losses = {{0.8, 0.6, 0.7, 0.2}, {0.5, 0.25, 0.1, 0.05}};
  const std::vector<double> found = AllocateDensities({{0.2, 0.4, 0.6, 0.8}}, losses, 0.5);
  // Gains: layer 1 to 0.4 gives 1.25 a unit, then layer 0 one for all of its way.
  EXPECT_NEAR(found[1], 0.4, 1e-9);
  EXPECT_NEAR(found[0], 0.6, 1e-9);
  for (const double density : AllocateDensities({{0.2, 0.4, 0.6, 0.8}}, losses, 0.1)) EXPECT_EQ(density, 0.1);
  for (const double density : AllocateDensities({{0.2, 0.4, 0.6, 0.8}}, losses, 1)) EXPECT_NEAR(density, 1, 1e-12);
}

TEST(SparsityFrom, HoldsTheMeanAndGivesMoreToWhatLosesMore) {
  const SparseProfile profile = SomeProfile();
  for (const double mean : {0.1, 0.25, 0.4, 0.5, 0.65, 0.9, 1.0}) {
    const auto sparsity = SparsityFrom(profile, {.kind = SparsityKind::kCoarse, .density = mean});
    ASSERT_TRUE(sparsity.ok()) << sparsity.status().ToString();
    EXPECT_TRUE(sparsity->Check(3).ok());
    EXPECT_NEAR(Mean(sparsity->density), mean, 1e-6);
    EXPECT_GE(sparsity->density[2], sparsity->density[0]);
    EXPECT_GE(sparsity->density[0], sparsity->density[1]);
  }
}

TEST(SparsityFrom, LeavesDenseLayersOutOfTheMean) {
  const auto sparsity = SparsityFrom(
      SomeProfile(), {.kind = SparsityKind::kFine, .density = 0.5, .by_threshold = true, .dense_first = 1});
  ASSERT_TRUE(sparsity.ok()) << sparsity.status().ToString();
  EXPECT_EQ(sparsity->density[0], 1);
  EXPECT_EQ(sparsity->threshold[0], 0);
  EXPECT_NEAR(sparsity->density[1] + sparsity->density[2], 1, 1e-6);
}

TEST(SparsityFrom, InterpolatesThresholds) {
  const SparseProfile profile = SomeProfile();
  Sparsity sparsity = Sparsity::Even(SparsityKind::kFine, 0.5, 0, 0, 3);
  sparsity.density = {0.05f, 0.3f, 0.95f};
  ASSERT_TRUE(AddThresholds(profile, &sparsity).ok());
  EXPECT_NEAR(sparsity.threshold[0], 1, 1e-6);
  EXPECT_NEAR(sparsity.threshold[1], 1.5, 1e-6);
  EXPECT_NEAR(sparsity.threshold[2], 0.2, 1e-6);
}

TEST(SparsityFrom, SaysWhatIsWrong) {
  SparseProfile profile = SomeProfile();
  profile.coarse.clear();
  const std::pair<SparsityRequest, const char*> cases[] = {
      {{SparsityKind::kFine, 0}, "density: expected above 0 and 1 at most, got 0"},
      {{SparsityKind::kFine, 1.5}, "density: expected above 0 and 1 at most, got 1.5"},
      {{SparsityKind::kFine, NAN}, "density: expected above 0 and 1 at most"},
      {{SparsityKind::kNone, 0.5}, "expected coarse or fine, got none"},
      {{SparsityKind::kCoarse, 0.5}, "expected sensitivities of the kind coarse, got none"},
      {{SparsityKind::kCoarse, 0.5, true}, "thresholds are for the kind `fine`"},
      {{SparsityKind::kFine, 0.5, false, 2, 1}, "expected less than the model's 3 layers together"}};
  for (const auto& [request, part] : cases)
    EXPECT_THAT(SparsityFrom(profile, request).status().message(), HasSubstr(part));
  profile.thresholds.clear();
  EXPECT_EQ(SparsityFrom(profile, {SparsityKind::kFine, 0.5, true}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace retort
