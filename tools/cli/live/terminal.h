// What one line of a terminal can show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort::cli {

/// Columns of the terminal behind `fd`; 80 where it does not tell, 0 where there is none that can rewrite a line
/// (a file, a pipe, TERM=dumb).
int TerminalColumns(int fd);

/// `text`, cut so that it takes at most `columns` columns; a character counts as one.
std::string_view CutToColumns(std::string_view text, int columns);

/// `parts` with ", " between them: from the first on as many as fit into `columns`, the first one cut if it must be.
/// 0 columns: all.
std::string JoinToColumns(const std::vector<std::string>& parts, int columns);

}  // namespace retort::cli
