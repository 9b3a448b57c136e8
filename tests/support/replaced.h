// Text with a part of it changed, for tests of files that are nearly right.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace retort::testing {

/// `text` with the first `from`, which must be there, replaced.
inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace retort::testing
