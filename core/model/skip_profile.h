// Which layers a model can leave out to draft for itself, as a search found it: a small JSON file, for one model alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/layer_choice.h"
#include "core/model/profile_fields.h"

namespace retort {

struct SkipProfile {
  ProfileModel made_for;
  std::vector<int32_t> skip_attention, skip_mlp;  // ascending
  // What the search saw; a reader needs none of it.
  int32_t draft_tokens = 0;  // the best length of a draft
  double tokens_per_step = 0, draft_cost = 0, step_cost = 0, speed_up = 0;

  LayerChoice Choice() const { return LayerChoice::Without(skip_attention, skip_mlp, made_for.layers); }
  /// kUnsupported for another model than the one that the profile was made for.
  Status CheckFits(const Model& other) const { return made_for.CheckFits(other, "retort skip search"); }
};

/// Errors: kNotFound; kDataLoss for a file that is no such profile, or whose layers do not exist. Messages name the
/// file and the field.
Result<SkipProfile> ReadSkipProfile(const std::string& path);
/// As ReadSkipProfile reads it.
std::string SkipProfileText(const SkipProfile& profile);

}  // namespace retort
