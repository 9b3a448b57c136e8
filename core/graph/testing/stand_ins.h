// What runs in a test in place of stages: a source of given records, a stage with given answers, a last stage that
// keeps what reaches it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/testing/test_case.h"
#include "core/plugin/stage_body.h"

namespace retort {

/// A record that reached a last stage.
struct Collected {
  uint64_t number = 0;  // order of admission
  nlohmann::ordered_json json;
};

/// What reached one last stage; calls may come from several threads.
class Collection {
 public:
  void Add(Collected record);
  /// In the order of the input; call when the run is over.
  std::vector<Collected> Take();

 private:
  std::mutex mutex_;
  std::vector<Collected> records_;
};

/// A source of these lines, in order; a line that is no record fails as one of a file does. `lines` must outlive it.
std::unique_ptr<StageBody> MakeTestSource(const std::vector<std::string>& lines);

/// A stage that gives these answers. `mock` must outlive it.
std::unique_ptr<StageBody> MakeMockStage(const StageMock& mock);

/// A last stage.
std::unique_ptr<StageBody> MakeCollector(std::shared_ptr<Collection> collection);

}  // namespace retort
