#include "tools/cli/live/exposition.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace retort::cli {
namespace {

std::string Escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);  // the shortest text that gives the same number
}

/// What is left of a line that is being read.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool Skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipSpaces() {
    while (Skip(' ') || Skip('\t')) {
    }
  }
  std::string Until(std::string_view stops) {
    const size_t end = std::min(text_.find_first_of(stops), text_.size());
    std::string taken(text_.substr(0, end));
    text_.remove_prefix(end);
    return taken;
  }
  /// Up to the closing quote, which is taken too. False: there is none.
  bool Quoted(std::string& value) {
    for (; !text_.empty(); text_.remove_prefix(1)) {
      if (Skip('"')) return true;
      if (text_.front() == '\\' && text_.size() > 1) {
        text_.remove_prefix(1);
        value += text_.front() == 'n' ? '\n' : text_.front();
      } else {
        value += text_.front();
      }
    }
    return false;
  }

 private:
  std::string_view text_;
};

bool ReadLabels(Cursor& line, std::map<std::string, std::string>& labels) {
  while (!line.Skip('}')) {
    std::string name = line.Until("=,}\" "), value;
    if (name.empty() || !line.Skip('=') || !line.Skip('"') || !line.Quoted(value)) return false;
    labels[std::move(name)] = std::move(value);
    line.Skip(',');
    line.SkipSpaces();
  }
  return true;
}

bool ReadSample(std::string_view text, MetricSample& sample) {
  Cursor line(text);
  sample.name = line.Until("{ \t");
  if (sample.name.empty() || (line.Skip('{') && !ReadLabels(line, sample.labels))) return false;
  line.SkipSpaces();
  const std::string value = line.Until(" \t");
  char* end = nullptr;
  sample.value = std::strtod(value.c_str(), &end);
  return !value.empty() && *end == '\0';
}

}  // namespace

void ExpositionWriter::Metric(const std::string& name, const char* type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, Escaped(help, false), name, type);
}

void ExpositionWriter::Sample(const Labels& labels, double value, std::string_view suffix) {
  text_ += name_;
  text_ += suffix;
  for (size_t i = 0; i < labels.size(); ++i) {
    text_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, Escaped(labels[i].second, true));
  }
  text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", Number(value));
}

Result<std::vector<MetricSample>> ReadExposition(std::string_view text) {
  std::vector<MetricSample> samples;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (!ReadSample(line, samples.emplace_back()))
      return DataLoss(fmt::format("line {} is no metric: {}", number, line.substr(0, 80)));
  }
  return samples;
}

}  // namespace retort::cli
