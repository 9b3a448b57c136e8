// Remarks that stages make on their options.
#pragma once

#include <retort/sdk.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace retort_stages {

using Remarks = std::vector<retort::sdk::Advice>;

/// These options do nothing, since `why`.
inline void NotUsed(std::initializer_list<const char*> options, const std::string& why, Remarks& remarks) {
  for (const char* const option : options)
    remarks.push_back({option, "`" + std::string(option) + "` does nothing here: " + why, ""});
}

}  // namespace retort_stages
