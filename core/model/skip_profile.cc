#include "core/model/skip_profile.h"

#include <nlohmann/json.hpp>

#include "core/model/json_text.h"
#include "core/model/mapped_file.h"

namespace retort {
namespace {

using Json = nlohmann::json;
constexpr int kVersion = 1;

Status ReadLayers(const Json& json, const char* name, int32_t layers, std::vector<int32_t>* out) {
  const Json& field = JsonField(json, name);
  if (!field.is_string()) return WrongField(name, "layers such as \"3,8-11\"", field);
  const std::string text = field.get<std::string>();
  std::vector<std::string_view> items;
  if (!text.empty()) items.push_back(text);
  auto parsed = ParseLayers(items, layers, name);
  if (!parsed.ok()) return DataLoss(parsed.status().message());
  *out = *std::move(parsed);
  return {};
}

Result<SkipProfile> Parse(std::string_view text) {
  RETORT_ASSIGN_OR_RETURN(const Json json, ParseJsonObject(text));
  const Json& version = JsonField(json, "retort_skip_profile");
  if (version != kVersion) return WrongField("retort_skip_profile", std::to_string(kVersion), version);
  SkipProfile profile;
  RETORT_ASSIGN_OR_RETURN(profile.made_for, ReadProfileModel(json));
  RETORT_RETURN_IF_ERROR(ReadLayers(json, "skip_attention", profile.made_for.layers, &profile.skip_attention));
  RETORT_RETURN_IF_ERROR(ReadLayers(json, "skip_mlp", profile.made_for.layers, &profile.skip_mlp));
  if (profile.Choice().parts() == 0) return DataLoss("skip_attention and skip_mlp: all layers are left out");
  const Json& measured = JsonField(json, "measured");
  const auto number = [&](const char* name) {
    const Json& field = JsonField(measured, name);
    return field.is_number() ? field.get<double>() : 0.0;
  };
  profile.draft_tokens = static_cast<int32_t>(number("draft_tokens"));
  profile.tokens_per_step = number("tokens_per_step");
  profile.draft_cost = number("draft_cost");
  profile.step_cost = number("step_cost");
  profile.speed_up = number("speed_up");
  return profile;
}

}  // namespace

Result<SkipProfile> ReadSkipProfile(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path, "a profile that `retort skip search` wrote"));
  auto profile = Parse({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  if (profile.ok()) return profile;
  return DataLoss(path + ": " + profile.status().message() + "; make the profile anew with `retort skip search`");
}

std::string SkipProfileText(const SkipProfile& profile) {
  const nlohmann::ordered_json json = {{"retort_skip_profile", kVersion},
                                       {"model", profile.made_for.model},
                                       {"fingerprint", HexText(profile.made_for.fingerprint)},
                                       {"layers", profile.made_for.layers},
                                       {"skip_attention", LayersText(profile.skip_attention)},
                                       {"skip_mlp", LayersText(profile.skip_mlp)},
                                       {"measured",
                                        {{"draft_tokens", profile.draft_tokens},
                                         {"tokens_per_step", profile.tokens_per_step},
                                         {"draft_cost", profile.draft_cost},
                                         {"step_cost", profile.step_cost},
                                         {"speed_up", profile.speed_up}}}};
  return json.dump(2) + "\n";
}

}  // namespace retort
