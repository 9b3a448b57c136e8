// A tiny model that drafts for itself with a part of it, and is the verifier's.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/plugin/handles.h"
#include "tests/stages/stages_fixture.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {

inline constexpr int32_t kLayers = 5;

inline std::shared_ptr<Model> LoadTiny(int threads, uint64_t seed = 1) {
  ModelConfig config;
  config.name = "target";
  config.source = WriteTinyModel(TempPath("tiny" + std::to_string(seed) + ".gguf"), {.layers = kLayers, .seed = seed});
  config.precision = Precision::kExact;
  config.threads = threads;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

class SelfDrafting : public StagesFixture {
 protected:
  std::vector<Record*> Records(size_t count) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i) {
      std::vector<int32_t> prompt;
      for (size_t t = 0; t < 5 + i * 9 % 80; ++t)
        prompt.push_back(static_cast<int32_t>(RandomBits({i, t, 0, 0}) % 250));
      records.push_back(Begin("r" + std::to_string(i), std::move(prompt)));
    }
    return records;
  }
  std::vector<Record*> Generate(size_t count, const std::string& options) {
    const std::vector<Record*> records = Records(count);
    StagesFixture::Generate(records, options);
    return records;
  }
  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options, const std::function<void(Record*)>& check = {}) {
    RunStages(records, "{ target: target, " + draft_options + " }", verify_options, check);
  }
  void ExpectAPrefill(const Record& record) {
    const KvSequence& kv = *record.kv.at(target_.get())->sequence;
    ASSERT_EQ(kv.length() + 1, record.generation->tokens().size());
    ASSERT_EQ(kv.whole_length(), kv.length());
    auto fresh = *target_->CreateSequence();
    const ForwardItem item{fresh.get(), kv.tokens(), kv.length()};
    std::span<const float> logits;
    ASSERT_TRUE(target_->Forward({&item, 1}, &logits).ok());
    ASSERT_EQ(Stored(kv), Stored(*fresh));
  }
  Status Refusal(const std::string& options) {
    auto stage = host_->Create("draft", "{ target: target, " + options + " }");
    EXPECT_FALSE(stage.ok()) << options;
    return stage.ok() ? Status() : stage.status();
  }
  std::string ProfilePath(const std::string& text) {
    std::ofstream(folder_.path() + "/skip.json") << text;
    return folder_.path() + "/skip.json";
  }

  TemporaryFolder folder_;
};

}  // namespace retort::testing
