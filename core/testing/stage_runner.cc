#include "retort/stage_runner.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <string>
#include <utility>

#include "core/graph/nearest_name.h"
#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"

struct retort_runner {
  retort::testing::MockHost host;
  std::unique_ptr<retort::testing::MockStage> stage;
  std::string sequences_in;       // model in which records' sequences are begun; "": none
  std::string error;              // of the last call
  std::deque<std::string> texts;  // handed out
};

namespace retort::testing {
namespace {

/// A mistake of the test, which must not pass for a result.
[[noreturn]] void Misused(const std::string& why) {
  std::fprintf(stderr, "retort_runner: %s\n", why.c_str());
  std::abort();
}

/// Run `body`, which returns a Status, and keep its message.
template <typename Body>
retort_code Keep(retort_runner* runner, Body&& body) noexcept {
  Status status;
  try {
    status = std::forward<Body>(body)();
  } catch (const std::exception& e) {
    status = Internal(e.what());
  }
  runner->error = status.message();
  return static_cast<retort_code>(status.code());
}

std::string TextOf(const char* text) { return text == nullptr ? "" : text; }

const MockStage& StageOf(const retort_runner* runner) {
  if (runner->stage == nullptr) Misused("no stage was created; call retort_runner_create first and look at its result");
  return *runner->stage;
}
MockStage& StageOf(retort_runner* runner) {
  return const_cast<MockStage&>(StageOf(static_cast<const retort_runner*>(runner)));
}

const std::vector<Record*>& Emitted(const MockStage& stage, const std::string& port) {
  const StageDescriptor& descriptor = stage.descriptor();
  std::vector<std::string> names;
  for (const PortSpec& output : descriptor.outputs) {
    if (output.name == port) return stage.emitted(static_cast<uint32_t>(names.size()));
    names.push_back(output.name);
  }
  Misused("stage `" + descriptor.name + "` has no output `" + port + "`; it has " +
          (names.empty() ? "none" : NameList(names)));
}

struct Given {
  const Record* record;
  std::string reason;
};

std::vector<Given> GivenTo(const retort_runner* runner, retort_runner_outcome outcome, const char* port) {
  const MockStage& stage = StageOf(runner);
  std::vector<Given> given;
  switch (outcome) {
    case RETORT_RUNNER_EMITTED:
      for (const Record* record : Emitted(stage, TextOf(port))) given.push_back({record, ""});
      return given;
    case RETORT_RUNNER_COMPLETED:
      for (const Record* record : stage.completed()) given.push_back({record, ""});
      return given;
    case RETORT_RUNNER_FAILED:
      for (const MockStage::Reason& failed : stage.failed()) given.push_back({failed.record, failed.status.ToString()});
      return given;
    case RETORT_RUNNER_SKIPPED:
      for (const auto& [record, reason] : stage.skipped()) given.push_back({record, reason});
      return given;
    default: Misused("expected one of RETORT_RUNNER_*, got outcome " + std::to_string(outcome));
  }
}

Given At(const retort_runner* runner, retort_runner_outcome outcome, const char* port, size_t index) {
  std::vector<Given> given = GivenTo(runner, outcome, port);
  if (index < given.size()) return std::move(given[index]);
  Misused("there is no record " + std::to_string(index) + ", only " + std::to_string(given.size()));
}

const char* Hand(retort_runner* runner, std::string text) {
  return runner->texts.emplace_back(std::move(text)).c_str();
}

Status Process(retort_runner* runner, const char* const* records, size_t count) {
  MockStage& stage = StageOf(runner);
  if (stage.descriptor().is_source())
    return InvalidArgument("stage `" + stage.descriptor().name +
                           "` is a source and takes no records; call retort_runner_produce");
  std::vector<Record*> made;
  for (size_t i = 0; i < count; ++i) {
    RETORT_ASSIGN_OR_RETURN(Record* const record, runner->host.ParseNewRecord(TextOf(records[i])));
    if (!runner->sequences_in.empty())
      RETORT_RETURN_IF_ERROR(runner->host.BeginSequence(runner->sequences_in, *record));
    made.push_back(record);
  }
  return stage.Process(made);
}

Status AddModel(retort_runner* runner, const std::string& name, const char* source) {
  if (source == nullptr) {
    runner->host.AddModel(AlphabetModel({.name = name}));
    return {};
  }
  ModelConfig config;
  config.name = name;
  config.source = source;
  RETORT_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, Model::Load(config));
  runner->host.AddModel(std::move(model));
  return {};
}

}  // namespace
}  // namespace retort::testing

using retort::Status;
using namespace retort::testing;  // NOLINT: the C functions below are its other face

retort_runner* retort_runner_new(void) { return new retort_runner; }
void retort_runner_free(retort_runner* runner) { delete runner; }
const char* retort_runner_error(const retort_runner* runner) { return runner->error.c_str(); }

retort_code retort_runner_load(retort_runner* runner, const char* plugin) {
  return Keep(runner, [&] { return runner->host.Load(TextOf(plugin)).Annotate(TextOf(plugin)); });
}

retort_code retort_runner_link(retort_runner* runner, retort_code (*init)(const retort_host*, retort_registrar*)) {
  return Keep(runner, [&] { return runner->host.Link(init); });
}

retort_code retort_runner_add_model(retort_runner* runner, const char* name, const char* source) {
  return Keep(runner, [&] { return AddModel(runner, TextOf(name), source); });
}

retort_code retort_runner_begin_sequences(retort_runner* runner, const char* model) {
  return Keep(runner, [&]() -> Status {
    if (!runner->host.HasModel(TextOf(model)))
      return retort::NotFound("there is no model `" + TextOf(model) + "`; give it with retort_runner_add_model");
    runner->sequences_in = model;
    return {};
  });
}

retort_code retort_runner_create(retort_runner* runner, const char* stage, const char* options) {
  if (runner->stage != nullptr) Misused("retort_runner_create was called twice; take a new runner for each stage");
  return Keep(runner, [&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(auto made, runner->host.Create(TextOf(stage), options == nullptr ? "{}" : options));
    RETORT_RETURN_IF_ERROR(made->Open());
    runner->stage = std::move(made);
    return {};
  });
}

retort_code retort_runner_process(retort_runner* runner, const char* const* records, size_t count) {
  return Keep(runner, [&] { return Process(runner, records, count); });
}

retort_code retort_runner_produce(retort_runner* runner, size_t want, int32_t* more) {
  return Keep(runner, [&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const bool some, StageOf(runner).Produce(want));
    if (more != nullptr) *more = some ? 1 : 0;
    return {};
  });
}

void retort_runner_cancel(retort_runner* runner) { StageOf(runner).Cancel(); }

retort_code retort_runner_close(retort_runner* runner, int32_t cut_short) {
  return Keep(runner, [&] { return StageOf(runner).Close(cut_short != 0); });
}

size_t retort_runner_count(const retort_runner* runner, retort_runner_outcome outcome, const char* port) {
  return GivenTo(runner, outcome, port).size();
}

const char* retort_runner_record(retort_runner* runner, retort_runner_outcome outcome, const char* port, size_t index) {
  return Hand(runner, At(runner, outcome, port, index).record->json.dump());
}

const char* retort_runner_reason(retort_runner* runner, retort_runner_outcome outcome, size_t index) {
  return Hand(runner, At(runner, outcome, nullptr, index).reason);
}

void retort_runner_clear(retort_runner* runner) { StageOf(runner).ClearOutcome(); }

double retort_runner_counter(const retort_runner* runner, const char* name) {
  return StageOf(runner).counter(TextOf(name));
}

const double* retort_runner_samples(const retort_runner* runner, const char* name, size_t* count) {
  const std::vector<double>& samples = StageOf(runner).samples(TextOf(name));
  *count = samples.size();
  return samples.data();
}
