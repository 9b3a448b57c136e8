#include "core/graph/lint/fix.h"

#include <algorithm>

namespace retort {

std::string ApplyFix(std::string_view text, const Fix& fix) {
  std::vector<Edit> edits = fix.edits;
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  std::string out;
  size_t at = 0;
  for (const Edit& edit : edits) {
    const size_t begin = std::min(edit.begin, text.size()), end = std::clamp(edit.end, begin, text.size());
    if (begin < at) continue;
    out.append(text.substr(at, begin - at)).append(edit.text);
    at = end;
  }
  return out.append(text.substr(at));
}

}  // namespace retort
