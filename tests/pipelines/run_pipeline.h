// Runs a shipped pipeline on records, and reads what it wrote.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {

using Json = nlohmann::json;
using Variables = std::map<std::string, std::string>;

inline std::vector<Json> JsonLines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

inline std::map<std::string, Json> ById(const std::vector<Json>& records) {
  std::map<std::string, Json> out;
  for (const Json& record : records) out[record.at("id").get<std::string>()] = record;
  return out;
}

struct PipelineRun {
  Finished finished;
  Json summary;                         // of `--json`; discarded where there is none
  std::map<std::string, Json> written;  // records by id
  std::vector<Json> letters;            // of the dead-letter file
};

/// A folder with an input file and, unless another is named, a tiny model.
class PipelineFolder {
 public:
  PipelineFolder() { WriteTinyModel(path("tiny.gguf")); }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  void Input(const std::string& text) { folder_.Write("in.jsonl", text); }
  const TemporaryFolder& folder() const { return folder_; }

  /// `pipelines/NAME.yaml`, or another file if it ends with .yaml.
  PipelineRun Run(const std::string& pipeline, const Variables& variables = {},
                  const std::vector<std::string>& more = {}) {
    const bool shipped = !pipeline.ends_with(".yaml");
    std::vector<std::string> arguments = {"run", "--json", "--quiet",
                                          shipped ? SourceFolder() + "/pipelines/" + pipeline + ".yaml" : pipeline};
    Variables all = {{"input", "in.jsonl"}, {"output", "out.jsonl"}, {"model", "tiny.gguf"}};
    for (const auto& [name, value] : variables) all[name] = value;
    for (const auto& [name, value] : all) arguments.insert(arguments.end(), {"-s", name + "=" + value});
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const char* stale : {"out.jsonl", "out.jsonl.failed.jsonl"}) folder_.Write(stale, "");
    PipelineRun run;
    run.finished = RunRetort(arguments, "", folder_.path());
    run.summary = Json::parse(run.finished.out, nullptr, false);
    run.written = ById(JsonLines(folder_.Read("out.jsonl")));
    run.letters = JsonLines(folder_.Read("out.jsonl.failed.jsonl"));
    return run;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace retort::testing
