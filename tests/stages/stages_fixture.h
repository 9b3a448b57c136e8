// The decoding stages in a host of the tests' own, and records of theirs.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/model/generation.h"
#include "core/testing/mock_host.h"
#include "tests/stages/decoding_rounds.h"

namespace retort::testing {

class StagesFixture : public ::testing::Test {
 protected:
  /// A new host with these models; `small` may be left out, or be the target itself.
  void Use(std::shared_ptr<Model> target, std::shared_ptr<Model> small = nullptr, uint64_t seed = 5) {
    draft_.reset();  // stages go before their host
    verify_.reset();
    target_ = std::move(target);
    small_ = std::move(small);
    host_ = std::make_unique<MockHost>(seed);
    for (const char* name : {"prompt", "generate", "draft", "verify", "sparse_predict", "correct"})
      ASSERT_TRUE(host_->Load(std::string(RETORT_PLUGIN_FOLDER "/") + name + ".so").ok()) << name;
    host_->AddModel(target_);
    if (small_ != nullptr && small_ != target_) host_->AddModel(small_);
  }
  std::unique_ptr<MockStage> Stage(const std::string& name, const std::string& options) {
    auto stage = host_->Create(name, options);
    EXPECT_TRUE(stage.ok()) << stage.status().ToString();
    return stage.ok() ? *std::move(stage) : nullptr;
  }
  /// A record whose sequence has the target's tokens `prompt`. `more`: members of its JSON, each after a comma.
  Record* Begin(const std::string& id, std::vector<int32_t> prompt, const std::string& more = "") {
    Record* const record = host_->NewRecord("{\"id\": \"" + id + "\"" + more + "}");
    record->generation =
        std::make_unique<Generation>(target_->tokenizer(), std::move(prompt), target_->hyper().context_length);
    record->vocab = target_->hyper().vocab;
    return record;
  }

  /// Decode to the end, `check` for each record that goes on after a round. Every draft is verified whole.
  void RunStages(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options, const std::function<void(Record*)>& check = {}) {
    draft_ = Stage("draft", draft_options);
    verify_ = Stage("verify", "{ model: target, length: fixed, " + verify_options + " }");
    ASSERT_TRUE(draft_ != nullptr && verify_ != nullptr);
    SpeculateToEnd(*draft_, *verify_, records, check);
  }
  void Generate(const std::vector<Record*>& records, const std::string& options) {
    auto stage = Stage("generate", "{ model: target, " + options + " }");
    ASSERT_NE(stage, nullptr);
    GenerateToEnd(*stage, records);
  }

  std::shared_ptr<Model> target_, small_;
  std::unique_ptr<MockHost> host_;
  std::unique_ptr<MockStage> draft_, verify_;
};

}  // namespace retort::testing
