// Where the build puts the canary plugins.
#pragma once

#include <cstdlib>
#include <string>

namespace retort::testing {

inline std::string BuildDirectory() {
  const char* const directory = std::getenv("RETORT_BINARY_DIR");
  return directory == nullptr ? "." : directory;
}
inline std::string CanaryDirectory(const std::string& name) {
  return BuildDirectory() + "/tests/plugin/canaries/" + name;
}
inline std::string CanaryPath(const std::string& name) { return CanaryDirectory(name) + "/" + name + ".so"; }

}  // namespace retort::testing
