// Files that people name: opened, or refused with the reason.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// Open a file to read its bytes. Errors: kNotFound, "PATH: cannot be read: REASON; expected EXPECTED"; also for a
/// folder, which opens but holds no bytes.
Result<std::ifstream> OpenToRead(const std::string& path, std::string_view expected);

}  // namespace retort
