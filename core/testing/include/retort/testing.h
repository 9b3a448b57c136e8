// Runs one stage of a plugin alone, for its author's tests: no engine, no weights, records as JSON text.
//   retort::testing::StageRunner runner;
//   ASSERT_TRUE(runner.Load("my_stage.so").ok());
//   ASSERT_TRUE(runner.Create("my-stage", "{ field: text }").ok());
//   EXPECT_TRUE(runner.Process({R"({"id": "a", "text": "hi"})"}).ok());
//   EXPECT_EQ(runner.emitted("out").at(0), R"({"id":"a","text":"HI"})");
// What each call does is said at the C functions beneath, in <retort/stage_runner.h>; so that no C++ type crosses to
// the library, test and Retort may be built by different compilers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "retort/stage_runner.h"
#include "retort/status.h"

namespace retort::testing {

class StageRunner {
 public:
  /// A record that was failed or skipped, and why.
  struct Reason {
    std::string record, reason;
  };

  Status Load(const std::string& plugin) { return Told(retort_runner_load(get(), plugin.c_str())); }
  Status Link(retort_code (*init)(const retort_host*, retort_registrar*)) {
    return Told(retort_runner_link(get(), init));
  }
  /// A model without weights: letters follow each other in the order of the alphabet.
  Status AddModel(const std::string& name) { return Told(retort_runner_add_model(get(), name.c_str(), nullptr)); }
  /// A real one, by its name or file.
  Status AddModel(const std::string& name, const std::string& source) {
    return Told(retort_runner_add_model(get(), name.c_str(), source.c_str()));
  }
  /// From now on records come with a sequence of their `prompt`.
  Status BeginSequences(const std::string& model) { return Told(retort_runner_begin_sequences(get(), model.c_str())); }

  /// Check the options, create the stage and open it. `options` is the YAML or JSON map under `with:`.
  Status Create(const std::string& stage, const std::string& options = "{}") {
    return Told(retort_runner_create(get(), stage.c_str(), options.c_str()));
  }
  /// One call with these records, one JSON object each.
  Status Process(const std::vector<std::string>& records) {
    std::vector<const char*> texts;
    for (const std::string& record : records) texts.push_back(record.c_str());
    return Told(retort_runner_process(get(), texts.data(), texts.size()));
  }
  /// One call of a source; true: there is more.
  Result<bool> Produce(size_t want) {
    int32_t more = 0;
    const Status status = Told(retort_runner_produce(get(), want, &more));
    if (!status.ok()) return status;
    return more != 0;
  }
  void Cancel() { retort_runner_cancel(get()); }
  Status Close(bool cut_short = false) { return Told(retort_runner_close(get(), cut_short ? 1 : 0)); }

  /// The JSON of what went to an output, without spaces, fields in order.
  std::vector<std::string> emitted(const std::string& port) const {
    return Records(RETORT_RUNNER_EMITTED, port.c_str());
  }
  std::vector<std::string> completed() const { return Records(RETORT_RUNNER_COMPLETED, nullptr); }
  std::vector<Reason> failed() const { return Reasons(RETORT_RUNNER_FAILED); }
  std::vector<Reason> skipped() const { return Reasons(RETORT_RUNNER_SKIPPED); }
  /// Forget where records went; metrics stay.
  void Clear() { retort_runner_clear(get()); }

  double counter(const std::string& name) const { return retort_runner_counter(get(), name.c_str()); }
  std::vector<double> samples(const std::string& name) const {
    size_t count = 0;
    const double* const values = retort_runner_samples(get(), name.c_str(), &count);
    return {values, values + count};
  }

 private:
  retort_runner* get() const { return runner_.get(); }
  Status Told(retort_code code) const {
    if (code == RETORT_OK) return {};
    return {static_cast<StatusCode>(code), retort_runner_error(get())};
  }
  std::vector<std::string> Records(retort_runner_outcome outcome, const char* port) const {
    std::vector<std::string> records;
    for (size_t i = 0; i < retort_runner_count(get(), outcome, port); ++i)
      records.emplace_back(retort_runner_record(get(), outcome, port, i));
    return records;
  }
  std::vector<Reason> Reasons(retort_runner_outcome outcome) const {
    std::vector<Reason> reasons;
    for (const std::string& record : Records(outcome, nullptr))
      reasons.push_back({record, retort_runner_reason(get(), outcome, reasons.size())});
    return reasons;
  }

  std::unique_ptr<retort_runner, void (*)(retort_runner*)> runner_{retort_runner_new(), retort_runner_free};
};

}  // namespace retort::testing
