// JSON from files that nobody vouches for.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "retort/status.h"

namespace retort {

/// The object that `text` is. Nesting is bounded, since what is done with a value recurses; a name that stands twice in
/// the outermost object is refused, since one would hide the other. Errors: kDataLoss, without the file's name.
Result<nlohmann::json> ParseJsonObject(std::string_view text);

/// A field of an object; null where it is missing or `object` is none. The result lives as long as `object`.
const nlohmann::json& JsonField(const nlohmann::json& object, const char* name);

/// A value for messages, cut to `limit` bytes.
std::string JsonShown(const nlohmann::json& value, size_t limit = 64);

}  // namespace retort
