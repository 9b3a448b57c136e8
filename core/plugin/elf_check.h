// Says why a file cannot be a plugin of this machine, where the dynamic linker's own words do not.
#pragma once

#include <string>

#include "retort/status.h"

namespace retort {

/// Read the head of `path`. Errors: kNotFound where it cannot be read, kInvalidArgument where it is no shared library,
/// kUnsupported where it is one for another machine; each says what came and what was expected.
Status CheckSharedLibrary(const std::string& path);

}  // namespace retort
