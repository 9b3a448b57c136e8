#include "core/graph/testing/stand_ins.h"

#include <algorithm>

#include "core/graph/testing/compare.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

class TestSource final : public StageBody {
 public:
  explicit TestSource(const std::vector<std::string>& lines) : lines_(lines) {}

  Status Process(StageContext& context, std::span<Record* const> /*records*/, size_t want, bool* end) override {
    for (size_t made = 0; made < want && next_ < lines_.size(); ++made, ++next_) {
      RETORT_ASSIGN_OR_RETURN(Record* const record, context.Create());
      Status parsed = ParseRecord(lines_[next_], next_ + 1, *record);
      RETORT_RETURN_IF_ERROR(parsed.ok() ? context.Emit(0, record) : context.Fail(record, std::move(parsed)));
    }
    *end = next_ == lines_.size();
    return {};
  }

 private:
  const std::vector<std::string>& lines_;
  size_t next_ = 0;
};

/// Change the record as the answer says. Errors: a pointer that leads through what is no object or list.
Status Change(const MockAnswer& answer, Json& json) {
  try {
    for (const auto& [pointer, value] : answer.set) json[Json::json_pointer(pointer)] = value;
    for (const std::string& pointer : answer.remove) {
      const Json::json_pointer path(pointer);
      if (!path.empty() && json.contains(path)) json = json.patch(Json::array({{{"op", "remove"}, {"path", pointer}}}));
    }
  } catch (const Json::exception& error) {
    return InvalidArgument(std::string("the mock cannot change the record: ") + error.what());
  }
  return {};
}

class MockStage final : public StageBody {
 public:
  explicit MockStage(const StageMock& mock) : mock_(mock) {}

  Status Process(StageContext& context, std::span<Record* const> records, size_t /*want*/, bool* /*end*/) override {
    for (Record* const record : records) RETORT_RETURN_IF_ERROR(Answer(context, *record));
    return {};
  }

 private:
  Status Answer(StageContext& context, Record& record) const {
    const auto suits = [&](const MockAnswer& answer) { return !answer.when || Suits(*answer.when, record.json); };
    const auto answer = std::find_if(mock_.answers.begin(), mock_.answers.end(), suits);
    if (answer == mock_.answers.end())
      return context.Fail(&record, NotFound("the mock has no answer for this record; add one without `when:`"));
    record.json_views.clear();
    if (Status changed = Change(*answer, record.json); !changed.ok()) return context.Fail(&record, std::move(changed));
    switch (answer->ending) {
      case MockAnswer::Ending::kFail: return context.Fail(&record, Internal(answer->reason));
      case MockAnswer::Ending::kSkip: return context.Skip(&record, answer->reason);
      case MockAnswer::Ending::kEmit: break;
    }
    return context.Emit(answer->port, &record);
  }

  const StageMock& mock_;
};

class Collector final : public StageBody {
 public:
  explicit Collector(std::shared_ptr<Collection> collection) : collection_(std::move(collection)) {}

  Status Process(StageContext& context, std::span<Record* const> records, size_t /*want*/, bool* /*end*/) override {
    for (Record* const record : records) {
      collection_->Add({record->number, record->json});
      RETORT_RETURN_IF_ERROR(context.Complete(record));
    }
    return {};
  }

 private:
  const std::shared_ptr<Collection> collection_;
};

}  // namespace

void Collection::Add(Collected record) {
  const std::lock_guard lock(mutex_);
  records_.push_back(std::move(record));
}

std::vector<Collected> Collection::Take() {
  const std::lock_guard lock(mutex_);
  std::stable_sort(records_.begin(), records_.end(),
                   [](const Collected& a, const Collected& b) { return a.number < b.number; });
  return std::move(records_);
}

std::unique_ptr<StageBody> MakeTestSource(const std::vector<std::string>& lines) {
  return std::make_unique<TestSource>(lines);
}

std::unique_ptr<StageBody> MakeMockStage(const StageMock& mock) { return std::make_unique<MockStage>(mock); }

std::unique_ptr<StageBody> MakeCollector(std::shared_ptr<Collection> collection) {
  return std::make_unique<Collector>(std::move(collection));
}

}  // namespace retort
