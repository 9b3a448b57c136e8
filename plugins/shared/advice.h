// Remarks that stages make on their options.
#pragma once

#include <retort/sdk.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace retort_stages {

using Remarks = std::vector<retort::sdk::Advice>;

/// These options do nothing, since the option `because` has the value that `why` tells of.
inline void NotUsed(std::initializer_list<const char*> options, const char* because, const std::string& why,
                    Remarks& remarks) {
  for (const char* const option : options)
    remarks.push_back({option, "`" + std::string(option) + "` does nothing here: " + why, "", because});
}

}  // namespace retort_stages
