// A call as the stage sees it in a process of its own: what it does is checked as the engine would check it, and kept
// until the call ends; the host does it then.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <vector>

#include "core/plugin/isolation/frame_channel.h"
#include "core/plugin/isolation/messages.h"
#include "core/plugin/stage_body.h"

namespace retort {

class ChildCall final : public StageContext {
 public:
  /// All must outlive the call. What comes over `channel` during the call is its cancel.
  ChildCall(const StageDescriptor& descriptor, const std::string& stage, ProcessRequest& request,
            const FrameChannel& channel);

  /// The records of the call, without those that it made.
  std::vector<Record*>& records() { return given_; }
  /// What the stage did, once it has returned. Call once.
  Answer Finish(Status status, bool end);

  Status Emit(uint32_t port, Record* record) override;
  Status Complete(Record* record) override;
  Status Fail(Record* record, Status why) override;
  Status Skip(Record* record, std::string_view reason) override;
  bool Cancelled() const override;
  Result<Record*> Create() override;
  void Count(std::string_view metric, double amount) override;
  void Sample(std::string_view metric, double value) override;

 private:
  Status Take(Record* record, const char* what, Answer::Outcome outcome);
  void AddChange(Answer::Outcome& outcome);

  const StageDescriptor& descriptor_;
  const std::string& stage_;
  ProcessRequest& request_;
  const FrameChannel& channel_;
  std::vector<Record*> given_;
  std::deque<Record> made_;
  Answer answer_;
};

}  // namespace retort
