// Steps over trees of drafts, and tokens run again: the bits are those of the plain sequence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/model/model.h"
#include "tests/model/device_cases.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::Stored;
using testing::TinyModel;
using testing::Tokens;

class ForwardTreeTest : public ::testing::TestWithParam<testing::DeviceCase> {
 protected:
  void SetUp() override {
    model_ = Load(512);
    ASSERT_NE(model_, nullptr);
    vocab_ = static_cast<size_t>(model_->hyper().vocab);
  }
  static std::shared_ptr<Model> Load(int32_t step_tokens) {
    ModelConfig config;
    config.source = testing::WriteTinyModel(testing::TempPath("tiny.gguf"), GetParam().tiny);
    config.device = GetParam().device;
    config.threads = GetParam().threads;
    config.precision = Precision::kExact;
    config.step_tokens = step_tokens;
    auto model = Model::Load(config);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    return model.ok() ? *model : nullptr;
  }
  std::unique_ptr<KvSequence> New() { return *model_->CreateSequence(); }

  std::shared_ptr<Model> model_;
  size_t vocab_ = 0;
};

/// A tree of tokens: each hangs on one of those before it, every second one on the end of the longest path.
struct Tree {
  explicit Tree(size_t nodes) : tokens(Tokens(nodes, 77)) {
    for (size_t i = 0; i < nodes; ++i) {
      const auto any = static_cast<int32_t>(RandomBits({5, 0, 0, i, 0}) % (i + 1)) - 1;
      parents.push_back(i % 2 == 0 ? static_cast<int32_t>(i) - 2 : any);
      if (parents.back() < 0) parents.back() = -1;
    }
  }
  std::vector<int32_t> Path(int32_t node) const {
    std::vector<int32_t> path;
    for (; node >= 0; node = parents[static_cast<size_t>(node)]) path.insert(path.begin(), node);
    return path;
  }
  std::vector<int32_t> TokensOf(const std::vector<int32_t>& path) const {
    std::vector<int32_t> out;
    for (const int32_t node : path) out.push_back(tokens[static_cast<size_t>(node)]);
    return out;
  }
  std::vector<int32_t> tokens, parents;
};

TEST_P(ForwardTreeTest, ATreeNodeEqualsThePlainSequenceToIt) {
  const Tree tree(24);
  for (const int32_t step : {512, 7}) {  // a tree may be cut into passes
    const auto model = Load(step);
    ASSERT_NE(model, nullptr);
    for (const size_t prefix : {0u, 5u, 31u, 32u, 70u}) {
      SCOPED_TRACE("after " + std::to_string(prefix) + " tokens, step_tokens " + std::to_string(step));
      auto stem = *model->CreateSequence();
      if (prefix > 0) Feed(*model, *stem, Tokens(prefix, 1));
      auto kv = stem->Fork(), other = stem->Fork();
      // Beside another sequence, and grown in two steps.
      std::span<const float> logits;
      const std::vector<int32_t> plain = Tokens(3, 8);
      const ForwardItem first[] = {{other.get(), plain, 0},
                                   {kv.get(), std::span(tree.tokens).first(10), 0, std::span(tree.parents).first(10)}};
      ASSERT_TRUE(model->Forward(first, &logits).ok());
      std::vector<float> got(logits.begin() + static_cast<std::ptrdiff_t>(3 * vocab_), logits.end());
      const ForwardItem rest{kv.get(), std::span(tree.tokens).subspan(10), 0, std::span(tree.parents).subspan(10)};
      ASSERT_TRUE(model->Forward({&rest, 1}, &logits).ok());
      got.insert(got.end(), logits.begin(), logits.end());
      for (int32_t node = 0; node < 24; ++node) {
        const std::vector<int32_t> path = tree.Path(node), tokens = tree.TokensOf(path);
        auto alone = stem->Fork();
        const std::vector<float> expected = Feed(*model, *alone, tokens, tokens.size() - 1);
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), got.begin() + node * static_cast<long>(vocab_)))
            << "node " << node;
        if (node % 5 != 3 && node != 22) continue;
        auto kept = kv->Fork();
        ASSERT_TRUE(model->KeepPath(*kept, path).ok());
        EXPECT_EQ(kept->tokens(), alone->tokens());
        EXPECT_EQ(Stored(*kept), Stored(*alone)) << "node " << node;
        EXPECT_EQ(Feed(*model, *kept, plain), Feed(*model, *alone, plain)) << "node " << node;
      }
    }
  }
}

TEST_P(ForwardTreeTest, RunningTokensAgainWritesOverThem) {
  const std::vector<int32_t> tokens = Tokens(80, 1), other = Tokens(80, 2);
  auto expected = New(), kv = New();
  const std::vector<float> logits = Feed(*model_, *expected, tokens);
  Feed(*model_, *kv, std::span(tokens).first(20));
  Feed(*model_, *kv, std::span(other).first(60));
  auto shared = kv->Fork();
  const std::vector<float> before = Stored(*kv);
  ASSERT_TRUE(kv->Rewind(20).ok());
  const std::vector<float> again = Feed(*model_, *kv, std::span(tokens).subspan(20));
  EXPECT_TRUE(std::equal(again.begin(), again.end(), logits.begin() + static_cast<std::ptrdiff_t>(20 * vocab_)));
  EXPECT_EQ(Stored(*kv), Stored(*expected));
  EXPECT_EQ(Stored(*shared), before);
}

TEST_P(ForwardTreeTest, RefusesTreesThatAreNone) {
  auto kv = New();
  Feed(*model_, *kv, Tokens(250, 1), 250);
  const std::vector<int32_t> tokens = Tokens(8, 2);
  const auto refused = [&](std::vector<int32_t> parents, StatusCode code, const std::string& part) {
    const size_t length = kv->length();
    const ForwardItem item{kv.get(), tokens, 0, parents};
    std::span<const float> logits;
    const Status status = model_->Forward({&item, 1}, &logits);
    EXPECT_EQ(status.code(), code) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(part));
    EXPECT_EQ(kv->length(), length);
  };
  refused({-1, 0}, StatusCode::kInvalidArgument, "a tree of 8 tokens has 2 parents");
  refused({-1, 0, 1, 2, 4, 3, 5, 6}, StatusCode::kInvalidArgument, "the parent of node 4");
  refused({-1, 0, 1, 2, 3, 4, 5, 6}, StatusCode::kResourceExhausted, "exceed the context of 256 tokens");
  const std::vector<int32_t> wide = {-1, 0, 0, 0, 1, 1, 1, 1};  // three positions more, of six
  const ForwardItem item{kv.get(), tokens, 8, wide};
  std::span<const float> logits;
  ASSERT_TRUE(model_->Forward({&item, 1}, &logits).ok());
  refused({}, StatusCode::kInvalidArgument, "ends in a tree of 8 tokens");
  const auto stranger = Load(512);
  EXPECT_THAT(stranger->KeepPath(*kv, {}).message(), HasSubstr("another model"));
  ASSERT_TRUE(model_->KeepPath(*kv, {}).ok());
  EXPECT_EQ(kv->length(), 250u);
}

INSTANTIATE_TEST_SUITE_P(Devices, ForwardTreeTest, ::testing::ValuesIn(testing::DeviceCases()),
                         testing::DeviceCaseName);

}  // namespace
}  // namespace retort
