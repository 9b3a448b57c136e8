#include "core/graph/lint/markdown_pipelines.h"

#include <algorithm>

namespace retort {
namespace {

bool OpensYaml(std::string_view line) {
  const size_t ticks = std::min(line.find_first_not_of(line.empty() ? 'x' : line[0]), line.size());
  if (ticks < 3 || (line[0] != '`' && line[0] != '~')) return false;
  const std::string_view language = line.substr(ticks, line.find_first_of(" \r", ticks) - ticks);
  return language == "yaml" || language == "yml";
}

}  // namespace

std::vector<SourceText> FindMarkdownPipelines(const SourceText& markdown) {
  const std::string& text = markdown.text();
  std::vector<SourceText> found;
  std::string fence;  // of the block that is open
  size_t begin = 0;   // of its first line
  bool pipeline = false;
  for (size_t line = 0; line < text.size();) {
    const size_t end = std::min(text.find('\n', line), text.size());
    const std::string_view content = std::string_view(text).substr(line, end - line);
    if (fence.empty()) {
      if (OpensYaml(content)) {
        fence = content.substr(0, content.find_first_not_of(content[0]));
        begin = std::min(end + 1, text.size());
        pipeline = false;
      }
    } else if (content.starts_with(fence)) {
      if (pipeline) {
        std::string blank = text;
        for (size_t i = 0; i < blank.size(); ++i) {
          if ((i < begin || i >= line) && blank[i] != '\n') blank[i] = ' ';
        }
        found.emplace_back(markdown.file(), std::move(blank));
      }
      fence.clear();
    } else {
      pipeline = pipeline || content.starts_with("retort:");
    }
    line = end + 1;
  }
  return found;
}

}  // namespace retort
