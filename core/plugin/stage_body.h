// What the engine needs of a stage, whoever implements it (a plugin behind the ABI, or a test).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/plugin/record.h"
#include "retort/status.h"

namespace retort {

/// One call of StageBody::Process. Not thread-safe; lives for the call.
class StageContext {
 public:
  virtual ~StageContext() = default;
  /// Each record goes to exactly one of these four. Errors: kInvalidArgument for a wrong port or a record that is not
  /// in this call or was given away already.
  virtual Status Emit(uint32_t port, Record* record) = 0;
  virtual Status Complete(Record* record) = 0;
  virtual Status Fail(Record* record, Status why) = 0;
  virtual Status Skip(Record* record, std::string_view reason) = 0;
  virtual bool Cancelled() const = 0;
  /// Sources only: a new record, counted as admitted.
  virtual Result<Record*> Create() = 0;
  virtual void Count(std::string_view metric, double amount) = 0;
  virtual void Sample(std::string_view metric, double value) = 0;
};

class StageBody {
 public:
  virtual ~StageBody() = default;
  virtual Status Open() { return {}; }
  /// Sources: `records` is empty and `want` says how many may be created; set *end when there are no more.
  /// A failure fails the records not yet given away.
  virtual Status Process(StageContext& context, std::span<Record* const> records, size_t want, bool* end) = 0;
  /// `cut_short`: the run was stopped or aborted with records under way. kCancelled is no failure: its message joins
  /// the run's.
  virtual Status Close(bool /*cut_short*/) { return {}; }
};

}  // namespace retort
