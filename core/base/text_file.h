// Files that people name: opened, or refused with the reason.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// Open a file to read its bytes. Errors: kNotFound, "PATH: cannot be read: REASON; expected EXPECTED"; also for a
/// folder, which opens but holds no bytes.
Result<std::ifstream> OpenToRead(const std::string& path, std::string_view expected);

/// All bytes of a file. Errors: those of OpenToRead; kInvalidArgument where there are more than `most`, of which no
/// more are read; kDataLoss where reading fails.
Result<std::string> ReadBytes(const std::string& path, std::string_view expected, size_t most);

}  // namespace retort
