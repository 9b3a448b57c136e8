// Which known name a mistyped one was meant to be; for every "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort {

/// Optimal string alignment distance (insert, delete, replace, swap neighbours) without regard to case, `_` and `-`
/// being one character. Names longer than 128 bytes are compared by their first 128.
size_t EditDistance(std::string_view a, std::string_view b);

/// The name in `known` closest to `name`, or "" where none is near: at most a third of the longer one may differ,
/// unless it begins with `name`. Of equally near ones the first.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

/// "`a`, `b` or `c`"; at most `limit` names, then how many are left out.
std::string NameList(const std::vector<std::string>& names, size_t limit = 12);

}  // namespace retort
