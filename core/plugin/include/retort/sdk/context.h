// One Process or Produce call: where records are given away, and the run's metrics. Lives for the call.
#pragma once

#include <string_view>

#include "retort/sdk/boundary.h"
#include "retort/sdk/record.h"

namespace retort::sdk {

/// Every record of the call goes to exactly one of Emit, Complete, Fail and Skip.
class Context {
 public:
  explicit Context(retort_context* handle) : handle_(handle) {}

  /// `port` counts the outputs in the order of the Spec.
  Status Emit(uint32_t port, Record record) { return FromCode(Host().context_emit(handle_, port, record.handle())); }
  /// Sinks: done with it.
  Status Complete(Record record) { return FromCode(Host().context_complete(handle_, record.handle())); }
  /// This record alone fails: it goes to the dead-letter file with `why`.
  Status Fail(Record record, const Status& why) {
    return FromCode(
        Host().context_fail(handle_, record.handle(), static_cast<retort_code>(why.code()), ToC(why.message())));
  }
  /// Left out on purpose.
  Status Skip(Record record, std::string_view reason) {
    return FromCode(Host().context_skip(handle_, record.handle(), ToC(reason)));
  }
  /// True: return soon; records not given away count as cancelled.
  bool Cancelled() const { return Host().context_cancelled(handle_) != 0; }

  /// Sources: a record from one line of JSON; `line` counts from 1. The record is empty (false) for a line that is no
  /// JSON object: it has failed already.
  Result<Record> Create(std::string_view json, uint64_t line) {
    retort_record* record = nullptr;
    const retort_code code = Host().context_create_record(handle_, ToC(json), line, &record);
    if (code != RETORT_OK) return FromCode(code);
    return Record(record);
  }

  /// Add to a counter; names are snake_case.
  void Count(std::string_view name, double amount = 1) { Host().metric_count(handle_, ToC(name), amount); }
  /// Feed a distribution (count, sum, min, max).
  void Sample(std::string_view name, double value) { Host().metric_sample(handle_, ToC(name), value); }

 private:
  retort_context* handle_;
};

}  // namespace retort::sdk
