// Which neurons coarse sparsity takes, by what prompts used; by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/neuron_history.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const NeuronSums> Sums(size_t tokens, std::vector<float> of) {
  return std::make_shared<const NeuronSums>(NeuronSums{4, tokens, std::move(of)});
}

Sparsity Half() { return Sparsity::Even(SparsityKind::kCoarse, 0.5, 0, 1, 3); }

TEST(ChooseNeurons, TakesTheLargestSumsOfEachLayerThatIsSparse) {
  const NeuronChoice choice = ChooseNeurons(*Sums(1, {1, 4, 2, 3, 5, 5, 5, 5, 9, 8, 7, 6}), Half());
  ASSERT_EQ(choice.size(), 3u);
  EXPECT_THAT(choice[0], ElementsAre(1, 3));
  EXPECT_THAT(choice[1], ElementsAre(0, 1));  // of equal ones the lower index
  EXPECT_THAT(choice[2], ElementsAre());      // dense
}

TEST(SharedNeuronChoice, WeighsSequencesAlikeHoweverLongTheyAre) {
  SharedNeuronChoice shared;
  // A hundred tokens on neuron 0, and ten on neuron 3: in the mean of tokens 0.9 and 0.5, against 0.6 of neuron 1.
  const auto a = Sums(100, {90, 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), b = Sums(10, {0, 6, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto choice = shared.Of({a, b}, Half());
  ASSERT_TRUE(choice.ok()) << choice.status().ToString();
  EXPECT_THAT((**choice)[0], ElementsAre(0, 1));
  const auto other = shared.Of({b, Sums(10, {0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0})}, Half());
  ASSERT_TRUE(other.ok());
  EXPECT_THAT((**other)[0], ElementsAre(1, 3));
}

TEST(SharedNeuronChoice, IsMadeOnceForTheSameSequencesAndDensity) {
  SharedNeuronChoice shared;
  const auto a = Sums(1, {1, 4, 2, 3, 5, 5, 5, 5, 9, 8, 7, 6});
  const auto first = shared.Of({a, a}, Half()), again = shared.Of({a, a}, Half());
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->get(), again->get());
  const auto denser = shared.Of({a, a}, Sparsity::Even(SparsityKind::kCoarse, 0.75, 0, 1, 3));
  ASSERT_TRUE(denser.ok());
  EXPECT_THAT((**denser)[0], ElementsAre(1, 2, 3));
}

TEST(SharedNeuronChoice, NeedsThePromptOfEverySequence) {
  SharedNeuronChoice shared;
  const auto choice = shared.Of({Sums(1, {1, 4, 2, 3, 5, 5, 5, 5, 9, 8, 7, 6}), nullptr}, Half());
  ASSERT_FALSE(choice.ok());
  EXPECT_THAT(choice.status().message(), HasSubstr("no statistics of neurons"));
}

}  // namespace
}  // namespace retort
