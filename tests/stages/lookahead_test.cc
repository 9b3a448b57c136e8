// The parts of lookahead decoding as plain algorithms: the pool of n-grams, the window, the tree that a draft is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/draft/draft_tree.h"
#include "plugins/draft/jacobi_window.h"
#include "plugins/draft/ngram_pool.h"

namespace drafting {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Tokens = std::vector<int32_t>;

TEST(NgramPool, KeepsTheLatestOfEachFirstTokenOnce) {
  NgramPool pool(3, 2);
  EXPECT_THAT(pool.After(1), IsEmpty());
  pool.Add(Tokens{1, 2, 3});
  pool.Add(Tokens{1, 4, 5});
  pool.Add(Tokens{2, 6, 7});
  EXPECT_THAT(pool.After(1), ElementsAre(4, 5, 2, 3));
  EXPECT_THAT(pool.After(2), ElementsAre(6, 7));
  pool.Add(Tokens{1, 2, 3});
  EXPECT_THAT(pool.After(1), ElementsAre(2, 3, 4, 5)) << "seen again, so it is the latest";
  pool.Add(Tokens{1, 8, 9});
  EXPECT_THAT(pool.After(1), ElementsAre(8, 9, 2, 3)) << "the oldest went";
}

TEST(NgramPool, TakesTheNgramsOfATextAsItGrows) {
  NgramPool pool(2, 4), late(3, 4);
  const Tokens text = {5, 6, 5, 7, 5, 6};
  pool.AddAll(std::span(text).first(1), 0);
  EXPECT_THAT(pool.After(5), IsEmpty());
  pool.AddAll(std::span(text).first(3), 0);
  pool.AddAll(text, 3);
  EXPECT_THAT(pool.After(5), ElementsAre(6, 7));
  EXPECT_THAT(pool.After(7), ElementsAre(5));
  late.AddAll(text, 4);
  EXPECT_THAT(late.After(5), ElementsAre(7, 5)) << "5 6 5 ended before";
}

TEST(JacobiWindow, ColumnsStayAtTheirPositionsAndTakeInTheAnswers) {
  NgramPool pool(3, 4);
  for (int32_t token = 10; token < 30; ++token) pool.Add(Tokens{token, token + 1, token + 2});
  JacobiWindow window(3, 2);
  Tokens text = {9, 10};
  window.Move(text.size(), {}, text, pool);
  EXPECT_THAT(window.column(0), ElementsAre(10, 11));
  EXPECT_THAT(window.column(1), ElementsAre(11, 12));
  EXPECT_THAT(window.column(2), ElementsAre(12, 13));

  text.push_back(99);  // instead of 11
  window.Move(1, Tokens{70, 71, -1}, text, pool);
  EXPECT_THAT(window.column(0), ElementsAre(99, 70)) << "level 0 is the text's";
  EXPECT_THAT(window.column(1), ElementsAre(12, 71)) << "what column 1 said of this position";
  EXPECT_THAT(window.column(2), ElementsAre(13, 14)) << "no answer: from the pool";

  text.insert(text.end(), {70, 15});
  window.Move(2, Tokens{50, 51, 52}, text, pool);
  EXPECT_THAT(window.column(0), ElementsAre(15, 51)) << "column 1 stands at the second new token";
  EXPECT_THAT(window.column(1), ElementsAre(14, 52));
  EXPECT_EQ(window.column(2)[0], 52) << "a new column goes on from the last one";
}

TEST(JacobiWindow, OutlivesAJumpBeyondItself) {
  NgramPool pool(2, 4);
  JacobiWindow window(2, 3);
  Tokens text = {1, 2, 3};
  window.Move(3, {}, text, pool);
  text.insert(text.end(), {4, 5, 6, 7, 8, 9});
  window.Move(6, Tokens{-1, -1}, text, pool);
  EXPECT_EQ(window.column(0)[0], 9);
  for (size_t c = 0; c < 2; ++c) {
    ASSERT_EQ(window.column(c).size(), 3u);
    for (const int32_t token : window.column(c)) EXPECT_TRUE(token >= 1 && token <= 9) << "a token of the text";
  }
}

// Where each token is a function of the one before it, every answer makes one position more right.
TEST(JacobiWindow, IterationFindsWhatTheTargetWouldSay) {
  const auto next = [](int32_t token) { return (token * 7 + 3) % 101; };
  NgramPool pool(4, 4);
  JacobiWindow window(3, 3);
  Tokens text = {1, 5};
  for (int step = 0; step < 4; ++step) {
    Tokens answers;
    if (step == 0) {
      window.Move(2, {}, text, pool);
      continue;
    }
    for (size_t c = 0; c < 3; ++c) answers.push_back(next(window.column(c).back()));
    text.push_back(next(text.back()));
    window.Move(1, answers, text, pool);
  }
  EXPECT_EQ(window.column(0)[0], text.back());
  EXPECT_EQ(window.column(1)[1], next(window.column(1)[0]));
  EXPECT_EQ(window.column(1)[2], next(window.column(1)[1]));
}

TEST(DraftTree, SharesBeginningsAndEndsWhereItIsFullOrDeepEnough) {
  DraftTree tree(6, 3);
  EXPECT_EQ(tree.AddAll(DraftTree::kRoot, Tokens{1, 2}), 1);
  EXPECT_EQ(tree.AddAll(DraftTree::kRoot, Tokens{1, 3}), 2);
  EXPECT_EQ(tree.AddAll(DraftTree::kRoot, Tokens{2}), 3);
  EXPECT_EQ(tree.Add(1, 4), 4);
  EXPECT_EQ(tree.Add(4, 5), DraftTree::kNone) << "too deep";
  EXPECT_EQ(tree.AddAll(DraftTree::kRoot, Tokens{7, 8}), DraftTree::kNone) << "7 is the last that there is room for";
  EXPECT_EQ(tree.Add(DraftTree::kNone, 1), DraftTree::kNone);
  EXPECT_EQ(tree.AddAll(DraftTree::kRoot, Tokens{1, 3}), 2) << "what is there is found in a full tree too";
  EXPECT_THAT(tree.tokens(), ElementsAre(1, 2, 3, 2, 4, 7));
  EXPECT_THAT(tree.parents(), ElementsAre(-1, 0, 0, -1, 1, -1));
}

}  // namespace
}  // namespace drafting
