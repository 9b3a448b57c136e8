// SHA-256 (FIPS 180-4) of files.
#pragma once

#include <string>

#include "retort/status.h"

namespace retort::cli {

struct FileHash {
  std::string sha256;  // 64 hexadecimal digits
  uint64_t bytes = 0;
};

/// Errors: kNotFound with the system's reason where the file cannot be read.
Result<FileHash> HashFile(const std::string& path);

}  // namespace retort::cli
