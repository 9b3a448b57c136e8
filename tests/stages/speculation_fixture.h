// A target, a drafting model, and the stages draft and verify on records of theirs.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/model/generation.h"
#include "tests/stages/decoding_rounds.h"
#include "tests/support/mock_host.h"
#include "tests/support/scripted_model.h"

namespace retort::testing {

/// A model of four letters and the end whose next token depends on the last two; `noise` makes it another one that
/// mostly agrees.
inline std::shared_ptr<ScriptedModel> RestlessModel(const std::string& name, double noise, int32_t context = 256) {
  return std::make_shared<ScriptedModel>(
      [noise](std::span<const int32_t> tokens) {
        const uint64_t state = static_cast<uint64_t>(tokens.back()) * 31 +
                               (tokens.size() > 1 ? static_cast<uint64_t>(tokens[tokens.size() - 2]) : 7);
        std::vector<float> logits;
        for (uint64_t token = 0; token < 5; ++token) {
          const double own = RandomUniform({9, state, token, 0}) * 4 - (token == 4 ? 3 : 0);
          logits.push_back(static_cast<float>(own + noise * RandomUniform({10, state, token, 0})));
        }
        return logits;
      },
      ScriptedModelOptions{.name = name, .alphabet = "abcd", .context_length = context});
}

class Speculation : public ::testing::Test {
 protected:
  void Use(std::shared_ptr<Model> target, std::shared_ptr<Model> small, uint64_t seed = 5) {
    draft_.reset();  // stages go before their host
    verify_.reset();
    target_ = std::move(target);
    small_ = std::move(small);
    host_ = std::make_unique<MockHost>(seed);
    for (const char* name : {"prompt", "generate", "draft", "verify"})
      ASSERT_TRUE(host_->Load(std::string(RETORT_PLUGIN_FOLDER "/") + name + ".so").ok()) << name;
    host_->AddModel(target_);
    if (small_ != target_) host_->AddModel(small_);
  }
  void UseRestless(double noise = 1.5, uint64_t seed = 5) {
    Use(RestlessModel("target", 0), RestlessModel("small", noise), seed);
  }

  std::unique_ptr<MockStage> Stage(const std::string& name, const std::string& options) {
    auto stage = host_->Create(name, options);
    EXPECT_TRUE(stage.ok()) << stage.status().ToString();
    return stage.ok() ? *std::move(stage) : nullptr;
  }
  Record* Begin(const std::string& id, std::vector<int32_t> prompt, const std::string& more = "") {
    Record* const record = host_->NewRecord("{\"id\": \"" + id + "\"" + more + "}");
    record->generation =
        std::make_unique<Generation>(target_->tokenizer(), std::move(prompt), target_->hyper().context_length);
    record->vocab = target_->hyper().vocab;
    return record;
  }
  std::vector<Record*> Records(size_t count) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i)
      records.push_back(Begin("r" + std::to_string(i), {0, static_cast<int32_t>(i % 4), 2}));
    return records;
  }

  /// Decode to the end, `check` after every round.
  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options, const std::function<void(Record*)>& check = {}) {
    draft_ = Stage("draft", "{ drafter: model, model: small, target: target, " + draft_options + " }");
    verify_ = Stage("verify", "{ model: target, length: fixed, " + verify_options + " }");
    SpeculateToEnd(*draft_, *verify_, records, check);
  }
  void Generate(const std::vector<Record*>& records, const std::string& options) {
    auto stage = Stage("generate", "{ model: target, " + options + " }");
    GenerateToEnd(*stage, records);
  }

  std::shared_ptr<Model> target_, small_;
  std::unique_ptr<MockHost> host_;
  std::unique_ptr<MockStage> draft_, verify_;
};

}  // namespace retort::testing
