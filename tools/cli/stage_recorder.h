// What stages of a run receive, written down as JSONL: `retort run --record-stage STAGE=FILE`, for `retort stage run`.
#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"
#include "core/plugin/record.h"

namespace retort::cli {

class StageRecorder {
 public:
  /// Open the files. `wishes`: "STAGE=FILE". Errors: kInvalidArgument for a wish of another form, a stage that the
  /// pipeline has not, a source, a stage whose records carry more than their JSON, a file that cannot be written.
  static Result<std::unique_ptr<StageRecorder>> Open(const std::vector<std::string>& wishes,
                                                     const PipelineDescription& pipeline);

  bool empty() const { return files_.empty(); }
  /// Write the record down if its stage is asked for. From several threads.
  void Receive(const std::string& stage, const Record& record);
  /// Errors: kResourceExhausted for a file that is not whole.
  Status Close();

 private:
  struct File {
    std::string path;
    std::ofstream out;
  };
  std::mutex mutex_;
  std::map<std::string, File> files_;  // by stage; fixed once open
};

}  // namespace retort::cli
