// Records through decoding stages until all have ended.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/testing/mock_host.h"

namespace retort::testing {

/// Round after round through a drafter and a verifier, `check` for each record that goes on after a round.
inline void SpeculateToEnd(MockStage& draft, MockStage& verify, const std::vector<Record*>& records,
                           const std::function<void(Record*)>& check = {}) {
  std::vector<Record*> live = records;
  for (int round = 0; !live.empty() && round < 1000; ++round) {
    draft.ClearOutcome();
    ASSERT_TRUE(draft.Process(live).ok());
    ASSERT_TRUE(draft.failed().empty()) << draft.failed()[0].status.ToString();
    verify.ClearOutcome();
    const Status status = verify.Process(draft.emitted(0));
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_TRUE(verify.failed().empty()) << verify.failed()[0].status.ToString();
    live = verify.emitted(1);
    for (Record* record : live) {
      if (check) check(record);
    }
  }
  ASSERT_TRUE(live.empty()) << "decoding does not end";
}

/// Through `generate`.
inline void GenerateToEnd(MockStage& generate, const std::vector<Record*>& records) {
  for (std::vector<Record*> live = records; !live.empty(); live = generate.emitted(1)) {
    generate.ClearOutcome();
    ASSERT_TRUE(generate.Process(live).ok());
    ASSERT_TRUE(generate.failed().empty()) << generate.failed()[0].status.ToString();
  }
}

/// The tokens of all records.
inline std::string Texts(std::span<Record* const> records) {
  std::string all;
  for (const Record* record : records) {
    for (const int32_t token : record->generation->tokens()) all += std::to_string(token) + " ";
    all += "| ";
  }
  return all;
}

}  // namespace retort::testing
