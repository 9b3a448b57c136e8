// The text format in which Prometheus reads metrics, version 0.0.4: written and read.
// https://prometheus.io/docs/instrumenting/exposition_formats
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

using Labels = std::vector<std::pair<std::string, std::string>>;

class ExpositionWriter {
 public:
  /// Begin a metric; its samples follow. `type`: counter, gauge, summary or untyped.
  void Metric(const std::string& name, const char* type, std::string_view help);
  /// `suffix`: "_sum" or "_count" of a summary.
  void Sample(const Labels& labels, double value, std::string_view suffix = "");
  std::string Take() { return std::move(text_); }

 private:
  std::string text_, name_;
};

struct MetricSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;

  std::string label(const std::string& key) const {
    const auto found = labels.find(key);
    return found == labels.end() ? "" : found->second;
  }
};

/// The samples in order; times and comments are skipped. Errors: kDataLoss naming the line.
Result<std::vector<MetricSample>> ReadExposition(std::string_view text);

}  // namespace retort::cli
