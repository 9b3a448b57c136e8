// Runs single stages of plugins without engine and without a model: create with options as YAML, hand in records, see
// where each went. Stages of several plugins can be chained by handing on what the one before emitted.
//   MockHost host;
//   ASSERT_TRUE(host.Load(path).ok());
//   auto stage = host.Create("upper", "{ field: prompt }");
//   Record* record = host.NewRecord(R"({"id": "a", "prompt": "hi"})");
//   ASSERT_TRUE((*stage)->Process({record}).ok());
//   EXPECT_THAT((*stage)->emitted(0), ElementsAre(record));
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/model.h"
#include "core/plugin/descriptor.h"
#include "core/plugin/isolation/isolated_stage.h"
#include "core/plugin/plugin_stage.h"
#include "core/plugin/registry.h"

namespace retort::testing {

class MockHost;

/// One stage, and what it did with its records so far.
class MockStage final : public StageContext {
 public:
  struct Reason {
    Record* record;
    Status status;
  };

  /// Call the stage once. As in the engine, an error fails the records not given away (it is returned as well), and a
  /// record forgotten without an error fails with kInternal.
  Status Process(const std::vector<Record*>& records);
  /// Call a source once; true: there is more.
  Result<bool> Produce(size_t want);
  Status Open() { return body_->Open(); }
  Status Close(bool cut_short = false) { return body_->Close(cut_short); }
  /// What context_cancelled says.
  void Cancel() { cancelled_ = true; }

  const StageDescriptor& descriptor() const { return descriptor_; }
  /// In the order in which the stage gave them away.
  const std::vector<Record*>& emitted(uint32_t port) const { return emitted_.at(port); }
  const std::vector<Record*>& completed() const { return completed_; }
  const std::vector<Reason>& failed() const { return failed_; }
  const std::vector<std::pair<Record*, std::string>>& skipped() const { return skipped_; }
  double counter(const std::string& name) const;
  const std::map<std::string, double>& counters() const { return counters_; }
  const std::vector<double>& samples(const std::string& name) const;
  /// Forget where records went; metrics stay.
  void ClearOutcome();

  // StageContext
  Status Emit(uint32_t port, Record* record) override;
  Status Complete(Record* record) override;
  Status Fail(Record* record, Status why) override;
  Status Skip(Record* record, std::string_view reason) override;
  bool Cancelled() const override { return cancelled_; }
  Result<Record*> Create() override;
  void Count(std::string_view metric, double amount) override;
  void Sample(std::string_view metric, double value) override;

 private:
  friend class MockHost;
  MockStage(MockHost& host, const StageDescriptor& descriptor, std::unique_ptr<StageBody> body);
  Status Take(Record* record);
  Status Finish(Status status);

  MockHost& host_;
  const StageDescriptor& descriptor_;
  std::unique_ptr<StageBody> body_;
  std::vector<Record*> held_;  // of the call that runs, not given away yet
  size_t may_create_ = 0;
  bool cancelled_ = false;
  std::vector<std::vector<Record*>> emitted_;
  std::vector<Record*> completed_;
  std::vector<Reason> failed_;
  std::vector<std::pair<Record*, std::string>> skipped_;
  std::map<std::string, double> counters_;
  std::map<std::string, std::vector<double>> samples_;
};

/// Owns the records and the models; must outlive its stages.
class MockHost {
 public:
  explicit MockHost(uint64_t run_seed = 0) : run_seed_(run_seed) {}

  /// Load a plugin file, or take one linked into the test.
  Status Load(const std::string& path);
  Status Link(retort_code (*init)(const retort_host*, retort_registrar*));
  const Registry& registry() const { return registry_; }

  /// A model that MODEL options may name.
  void AddModel(std::shared_ptr<Model> model);
  bool HasModel(const std::string& name) const { return models_.contains(name); }

  /// Create a stage. `options` is a YAML map, read as under `with:` of a pipeline. Errors: an unknown stage, what
  /// `lint` says of the options, or what the stage says.
  Result<std::unique_ptr<MockStage>> Create(const std::string& stage, const std::string& options = "{}");

  /// The same in a process of its own.
  Result<std::unique_ptr<MockStage>> CreateIsolated(const std::string& stage, const std::string& options,
                                                    const IsolationOptions& isolation);

  /// The same for a stage of another registry, which must outlive it.
  Result<std::unique_ptr<MockStage>> Create(const StageDescriptor& stage, const std::string& options);

  /// A record of one JSON object, which must be well-formed. Lines count from 1.
  Record* NewRecord(std::string_view json);
  /// The same for text from outside. Errors: those of ParseRecord.
  Result<Record*> ParseNewRecord(std::string_view json);
  /// Begin the record's sequence with its field `prompt`. Errors: an unknown model, a record without such text.
  Status BeginSequence(const std::string& model, Record& record);
  /// A record as a source makes it: without content yet.
  Record* NewRecord();

 private:
  Result<const StageDescriptor*> Find(const std::string& stage) const;
  Result<StageConfig> ConfigOf(const StageDescriptor& stage, const std::string& options) const;

  uint64_t run_seed_;
  Registry registry_;
  std::map<std::string, std::shared_ptr<Model>> models_;
  std::deque<Record> records_;  // destroyed before the models
};

}  // namespace retort::testing
