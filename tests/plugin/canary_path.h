// Where the build puts the canary plugins.
#pragma once

#include <string>

namespace retort::testing {

inline std::string CanaryDirectory(const std::string& name) {
  return RETORT_BINARY_DIR "/tests/plugin/canaries/" + name;
}
inline std::string CanaryPath(const std::string& name) { return CanaryDirectory(name) + "/" + name + ".so"; }

}  // namespace retort::testing
