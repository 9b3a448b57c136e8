// Drafters that go on after a guess, and those that are made of others: cascade and race.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "plugins/draft/cascade_drafter.h"
#include "plugins/draft/lookup_drafter.h"
#include "plugins/draft/ngram_drafter.h"
#include "plugins/draft/race_drafter.h"

namespace drafting {
namespace {

using Tokens = std::vector<int32_t>;

/// Guesses by a function of the text with what is ahead.
class Scripted final : public TextDrafter {
 public:
  using Script = std::function<Tokens(const Tokens& text)>;
  Scripted(const char* name, Script script, size_t match = 2)
      : name_(name), script_(std::move(script)), match_(match) {}
  std::string_view name() const override { return name_; }
  void Read(Memory&, std::span<const int32_t>) override {}
  Guess Continue(Memory&, const Text& text, size_t count) override {
    Guess guess{script_(text.Tail(text.size())), match_, name_};
    if (guess.tokens.size() > count) guess.tokens.resize(count);
    return guess;
  }
  retort::Status Finish() override { return ++finished, retort::Status(); }
  int finished = 0;

 private:
  const char* name_;
  Script script_;
  size_t match_;
};

template <typename... Of>
std::vector<std::unique_ptr<TextDrafter>> List(Of... drafters) {
  std::vector<std::unique_ptr<TextDrafter>> list;
  (list.emplace_back(drafters), ...);
  return list;
}

Scripted* Constant(const char* name, Tokens tokens, size_t match = 2) {
  return new Scripted(
      name, [=](const Tokens&) { return tokens; }, match);
}

TEST(Text, TailRunsFromTheTextIntoWhatIsAhead) {
  const Tokens tokens = {1, 2, 3}, ahead = {4, 5};
  const Text text = {tokens, ahead};
  EXPECT_EQ(text.Tail(1), (Tokens{5}));
  EXPECT_EQ(text.Tail(4), (Tokens{2, 3, 4, 5}));
  EXPECT_EQ(text.Tail(9), (Tokens{1, 2, 3, 4, 5}));
  EXPECT_EQ(text.Tail(0), Tokens{});
}

TEST(LookupDrafter, GoesOnAfterAGuess) {
  LookupDrafter drafter(2, 4);
  const auto memory = drafter.NewMemory();
  const Tokens text = {1, 2, 3, 4, 5, 9, 1};
  drafter.Read(*memory, text);
  EXPECT_TRUE(drafter.Continue(*memory, {text}, 4).tokens.empty());
  const Tokens ahead = {2};
  const Guess guess = drafter.Continue(*memory, {text, ahead}, 8);
  EXPECT_EQ(guess.tokens, (Tokens{3, 4, 5, 9, 1, 2, 3, 4})) << "what followed 1 2, round and round";
  EXPECT_EQ(guess.match, 2u);
  const Tokens longer = {2, 3, 4};
  EXPECT_EQ(drafter.Continue(*memory, {text, longer}, 2).tokens, (Tokens{5, 9}));
  EXPECT_EQ(drafter.Continue(*memory, {text, longer}, 2).match, 4u);
}

TEST(NgramDrafter, EndsWhereTheShareIsSmall) {
  const auto draft = [](double min_share) {
    auto drafter = NgramDrafter::Create({.min_match = 1, .max_match = 1, .min_share = min_share});
    const auto memory = (*drafter)->NewMemory();
    (*drafter)->Read(*memory, Tokens{1, 2, 3, 1, 2, 4, 1, 2, 3, 1, 5});
    return (*drafter)->Continue(*memory, {Tokens{1}}, 3).tokens;
  };
  EXPECT_EQ(draft(0), (Tokens{2, 3, 1}));
  EXPECT_EQ(draft(0.6), (Tokens{2})) << "3/4, then 2/3 of that";
  EXPECT_EQ(draft(0.8), Tokens{});
}

TEST(Cascade, EachGoesOnWhereTheOneBeforeEnds) {
  CascadeDrafter cascade(List(Constant("a", {1, 2}, 7), Constant("none", {}), new Scripted("b", [](const Tokens& text) {
                                return Tokens{text.back() + 10, 5};
                              })));
  const auto memory = cascade.NewMemory();
  const Tokens text = {9};
  const Guess guess = cascade.Continue(*memory, {text}, 8);
  EXPECT_EQ(guess.tokens, (Tokens{1, 2, 12, 5}));
  EXPECT_EQ(guess.drafter, "a+b");
  EXPECT_EQ(guess.match, 7u) << "of the first";
  EXPECT_EQ(cascade.Continue(*memory, {text}, 2).drafter, "a");
  EXPECT_EQ(cascade.Continue(*memory, {text}, 3).tokens, (Tokens{1, 2, 12}));
  EXPECT_TRUE(cascade.Continue(*memory, {text}, 0).tokens.empty());
}

TEST(Race, TakesWhoeverWasRightAlsoWithoutHavingBeenTaken) {
  // The text counts up; `wrong` is listed first and so is taken at first.
  RaceDrafter race(List(Constant("wrong", {99, 99, 99}), new Scripted("right", [](const Tokens& text) {
                          return Tokens{text.back() + 1, text.back() + 2, text.back() + 3};
                        })));
  Tokens text = {1};
  for (int record = 0; record < 2; ++record) {
    const auto memory = race.NewMemory();
    std::vector<std::string> taken;
    for (int block = 0; block < 6; ++block) {
      race.Read(*memory, text);
      taken.emplace_back(race.Continue(*memory, {text}, 3).drafter);
      text.push_back(text.back() + 1);
    }
    if (record == 0) {
      EXPECT_EQ(taken[0], "wrong");
    }
    if (record == 1) {
      EXPECT_EQ(taken[0], "right") << "what the run has shown serves the next record";
    }
    EXPECT_EQ(taken[1], "right");
    EXPECT_EQ(taken[5], "right");
  }
  EXPECT_EQ(race.acceptance(0).right, 0u);
  EXPECT_EQ(race.acceptance(1).right, race.acceptance(1).looked_at);
  EXPECT_GE(race.acceptance(1).right, 9u);
}

TEST(Race, ALongerGuessIsWorthMoreAndTiesGoToTheFirst) {
  RaceDrafter race(List(Constant("short", {1}), Constant("long", {1, 2}), Constant("like", {3, 4})));
  const auto memory = race.NewMemory();
  EXPECT_EQ(race.Continue(*memory, {}, 4).drafter, "long");
  RaceDrafter nobody(List(Constant("a", {}), Constant("b", {})));
  const auto none = nobody.NewMemory();
  EXPECT_TRUE(nobody.Continue(*none, {}, 4).tokens.empty());
  EXPECT_EQ(nobody.Continue(*none, {}, 4).drafter, "race");
}

TEST(Race, LongMatchesAreJudgedApartFromShortOnes) {
  // `mixed` is right after long matches only, `steady` every second time.
  size_t match = 1;
  int32_t next = 1;
  class Mixed final : public TextDrafter {
   public:
    Mixed(const size_t* match, const int32_t* next) : match_(match), next_(next) {}
    std::string_view name() const override { return "mixed"; }
    void Read(Memory&, std::span<const int32_t>) override {}
    Guess Continue(Memory&, const Text&, size_t) override { return {{*match_ > 8 ? *next_ : 50}, *match_, name()}; }

   private:
    const size_t* match_;
    const int32_t* next_;
  };
  int calls = 0;
  RaceDrafter race(List(new Mixed(&match, &next),
                        new Scripted("steady", [&](const Tokens&) { return Tokens{++calls % 2 == 0 ? next : 60}; })));
  Tokens text = {0};
  std::map<size_t, std::string> last;
  for (int block = 0; block < 400; ++block) {
    const auto memory = race.NewMemory();  // a record each, so that the run's counts decide
    match = block / 2 % 2 == 0 ? 1 : 12;
    next = static_cast<int32_t>(block % 5);
    race.Read(*memory, text);
    last[match] = race.Continue(*memory, {text}, 1).drafter;
    text.push_back(next);
    race.Read(*memory, text);
  }
  EXPECT_EQ(last[1], "steady");
  EXPECT_EQ(last[12], "mixed");
}

TEST(JointDrafters, FinishAllOfThem) {
  auto* const a = Constant("a", {});
  auto* const b = Constant("b", {});
  CascadeDrafter cascade(List(a, b));
  ASSERT_TRUE(cascade.Finish().ok());
  EXPECT_EQ(a->finished + b->finished, 2);
  auto* const c = Constant("c", {});
  RaceDrafter race(List(c, Constant("d", {})));
  ASSERT_TRUE(race.Finish().ok());
  EXPECT_EQ(c->finished, 1);
}

}  // namespace
}  // namespace drafting
