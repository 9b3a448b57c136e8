// A target, a drafting model, and the stages draft and verify on records of theirs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/testing/scripted_model.h"
#include "tests/stages/stages_fixture.h"

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

class Speculation : public StagesFixture {
 protected:
  void UseRestless(double noise = 1.5, uint64_t seed = 5) {
    Use(RestlessModel("target", 0), RestlessModel("small", noise), seed);
  }
  std::vector<Record*> Records(size_t count) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i)
      records.push_back(Begin("r" + std::to_string(i), {0, static_cast<int32_t>(i % 4), 2}));
    return records;
  }

  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options, const std::function<void(Record*)>& check = {}) {
    RunStages(records, "{ drafter: model, model: small, target: target, " + draft_options + " }", verify_options,
              check);
  }
};

}  // namespace retort::testing
