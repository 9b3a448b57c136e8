// What profiles have in common: JSON files that say which model they were made for.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/model.h"

namespace retort {

/// As profiles spell a fingerprint.
std::string HexText(uint64_t value);

/// kDataLoss: "PLACE: expected EXPECTED, got ...".
Status WrongField(const std::string& place, const std::string& expected, const nlohmann::json& got);

/// What a profile begins with.
struct ProfileModel {
  std::string model = {};    // its source, for messages
  uint64_t fingerprint = 0;  // Model::Fingerprint
  int32_t layers = 0;

  /// kUnsupported for another model than the one that the profile was made for; `command` makes profiles.
  Status CheckFits(const Model& model, const std::string& command) const;
};

/// Errors: kDataLoss naming the field.
Result<ProfileModel> ReadProfileModel(const nlohmann::json& profile);

}  // namespace retort
