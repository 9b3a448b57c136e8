// Prompts for whole pipelines, and what came of them.
#pragma once

#include <map>
#include <sstream>
#include <string>

#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {

/// `count` records for a tiny model, a third of which repeat themselves, of the kinds "even" and "odd".
inline std::string TinyPrompts(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const std::string text = i % 3 == 0 ? "the thing and the thing and the"
                                        : "on and on " + std::string(static_cast<size_t>(i), 'a') + " the";
    lines +=
        Json{{"id", "r" + std::to_string(i)}, {"prompt", text}, {"kind", i % 2 == 0 ? "even" : "odd"}}.dump() + "\n";
  }
  return lines;
}

/// The shipped prompts, every `step`th.
inline std::string ShippedPrompts(size_t step) {
  std::string lines;
  size_t n = 0;
  std::istringstream in(ReadFile(SourceFolder() + "/pipelines/data/prompts.jsonl"));
  for (std::string line; std::getline(in, line); ++n) {
    if (n % step == 0) lines += line + "\n";
  }
  return lines;
}

/// By id: why it ended, and the text.
inline std::map<std::string, std::string> Completions(const PipelineRun& run) {
  std::map<std::string, std::string> texts;
  for (const auto& [id, record] : run.written) {
    texts[id] = record.at("finish_reason").get<std::string>() + ": " + record.at("completion").get<std::string>();
  }
  return texts;
}

}  // namespace retort::testing
