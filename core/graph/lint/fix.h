// Changes of a pipeline file that a program can make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort {

/// Bytes [begin, end) of a source become `text`.
struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
  bool operator==(const Edit&) const = default;
};

struct Fix {
  std::string title;        // what it does, for people: "write `temperature`"
  std::vector<Edit> edits;  // of one source, none over another
};

/// `text` with all edits made. Edits beyond its end are cut there; where two overlap, the later one is left out.
std::string ApplyFix(std::string_view text, const Fix& fix);

}  // namespace retort
