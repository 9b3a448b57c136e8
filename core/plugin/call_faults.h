// What a stage is told that gives records away wrongly: the same words wherever its calls are watched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// `what` the stage did: "emitted", "completed", ...
inline Status RecordNotInCall(std::string_view stage, std::string_view what, bool null) {
  return InvalidArgument("stage '" + std::string(stage) + "' " + std::string(what) + " a record that " +
                         (null ? "is null" : "is not in this call or was given away already") +
                         "; give each record of a call away exactly once");
}

inline Status NoSuchPort(std::string_view stage, uint32_t port, size_t ports) {
  return InvalidArgument("stage '" + std::string(stage) + "' emitted to output port " + std::to_string(port) +
                         ", but it has " + std::to_string(ports) + " (counted from 0)");
}

inline Status OnlySourcesCreate(std::string_view stage) {
  return InvalidArgument("stage '" + std::string(stage) + "' has an input, and only sources create records");
}

inline Status NoMoreWanted(std::string_view stage, uint64_t want) {
  return ResourceExhausted("stage '" + std::string(stage) + "' may create " + std::to_string(want) +
                           " records in this call and asked for one more; return and wait for the next call");
}

}  // namespace retort
