#include "tools/cli/stage_recorder.h"

#include "core/graph/nearest_name.h"

namespace retort::cli {
namespace {

Status CheckRecordable(const std::string& name, const PipelineDescription& pipeline) {
  const StageDescription* const stage = pipeline.FindStage(name);
  if (stage == nullptr) {
    std::vector<std::string> names;
    for (const StageDescription& known : pipeline.stages) names.push_back(known.name);
    return InvalidArgument("there is no stage `" + name + "`; the pipeline has " + NameList(names));
  }
  if (stage->descriptor->is_source()) return InvalidArgument("stage `" + name + "` is a source: it receives nothing");
  if (stage->input_payload == "record") return {};
  return InvalidArgument("stage `" + name + "` receives `" + stage->input_payload +
                         "`, which is more than the record's JSON (a token sequence, say) and cannot be written down; "
                         "record a stage before it whose input is `record`");
}

}  // namespace

Result<std::unique_ptr<StageRecorder>> StageRecorder::Open(const std::vector<std::string>& wishes,
                                                           const PipelineDescription& pipeline) {
  auto recorder = std::make_unique<StageRecorder>();
  for (const std::string& wish : wishes) {
    const std::string option = "--record-stage " + wish;
    const size_t equals = wish.find('=');
    if (equals == wish.npos || equals == 0 || equals + 1 == wish.size())
      return InvalidArgument(option + ": expected STAGE=FILE, as in --record-stage cut=seen.jsonl");
    const std::string stage = wish.substr(0, equals);
    RETORT_RETURN_IF_ERROR(CheckRecordable(stage, pipeline).Annotate(option));
    if (recorder->files_.contains(stage)) return InvalidArgument(option + ": stage `" + stage + "` is given twice");
    File& file = recorder->files_[stage];
    file.path = wish.substr(equals + 1);
    file.out.open(file.path, std::ios::binary);
    if (!file.out) return InvalidArgument(option + ": " + file.path + " cannot be written; choose another file");
  }
  return recorder;
}

void StageRecorder::Receive(const std::string& stage, const Record& record) {
  const auto found = files_.find(stage);
  if (found == files_.end()) return;
  const std::string line = record.json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  found->second.out << line;
}

Status StageRecorder::Close() {
  Status status;
  for (auto& [stage, file] : files_) {
    file.out.close();
    if (!file.out && status.ok())
      status = ResourceExhausted("--record-stage: " + file.path + " is not whole: writing it failed");
  }
  return status;
}

}  // namespace retort::cli
