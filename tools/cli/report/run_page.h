// A run as one HTML page without anything from elsewhere: `retort run --report`.
#pragma once

#include <string>
#include <vector>

#include "core/graph/run.h"
#include "tools/cli/report/record_watch.h"

namespace retort::cli {

struct ModelFacts {
  std::string name, source, architecture, weights, precision, device;
  uint64_t fingerprint = 0;  // Model::Fingerprint
  size_t weight_bytes = 0;
};

struct Letter {
  std::string id, stage, code, message;
};

struct RunPage {
  const PipelineDescription* pipeline = nullptr;
  const RunReport* report = nullptr;
  std::string file;
  std::vector<ModelFacts> models;
  std::vector<WatchedRecord> samples;
  std::vector<Letter> letters;  // the first few failures
};

std::vector<ModelFacts> FactsOf(const std::map<std::string, std::shared_ptr<Model>>& models);

/// The first `count` letters of a dead-letter file; none where there is no such file, and lines that are none are left
/// out.
std::vector<Letter> ReadLetters(const std::string& path, size_t count);

/// HTML that is well-formed XML: no script, no address, light and dark by the reader's setting.
std::string RunPageHtml(const RunPage& page);

/// Errors: kInvalidArgument with the system's reason where the file cannot be written; it is then as it was.
Status WriteRunPage(const RunPage& page, const std::string& path);

}  // namespace retort::cli
