// The stages of the canary `unruly`, each in a process of its own, without an engine.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/testing/mock_host.h"
#include "tests/plugin/canary_path.h"

namespace retort::testing {

class UnrulyHost {
 public:
  /// `loaded` says whether the canary is there.
  UnrulyHost() : loaded(host.Load(CanaryPath("unruly"))) {}

  Result<std::unique_ptr<MockStage>> Isolated(const std::string& options = "{}", const std::string& stage = "unruly",
                                              std::chrono::milliseconds timeout = {}) {
    return host.CreateIsolated(stage, options,
                               {.timeout = timeout, .program = RETORT_BINARY_DIR "/bin/retort-stage-host"});
  }

  std::vector<Record*> Records(const std::vector<std::string>& json) {
    std::vector<Record*> records;
    for (const std::string& text : json) records.push_back(host.NewRecord(text));
    return records;
  }

  MockHost host;
  const Status loaded;
};

/// The JSON of each.
inline std::vector<std::string> Texts(const std::vector<Record*>& records) {
  std::vector<std::string> texts;
  for (const Record* const record : records) texts.push_back(record->json.dump());
  return texts;
}

}  // namespace retort::testing
