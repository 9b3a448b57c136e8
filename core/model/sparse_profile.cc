#include "core/model/sparse_profile.h"

#include <cmath>

#include "core/model/json_text.h"
#include "core/model/mapped_file.h"

namespace retort {
namespace {

using Json = nlohmann::json;
using Table = std::vector<std::vector<double>>;
constexpr int kVersion = 1;
constexpr int64_t kMostNeurons = 1 << 24;

std::string Item(const std::string& place, size_t index) { return place + "[" + std::to_string(index) + "]"; }

/// A list of finite numbers, 0 or more; `count` of them where it is not 0.
Status ReadNumbers(const Json& json, const std::string& place, size_t count, std::vector<double>* out) {
  if (!json.is_array() || (count != 0 && json.size() != count))
    return WrongField(place, "a list of " + (count == 0 ? "" : std::to_string(count) + " ") + "numbers", json);
  for (const Json& item : json) {
    const double value = item.is_number() ? item.get<double>() : -1;
    if (!(value >= 0 && std::isfinite(value))) return WrongField(Item(place, out->size()), "a number, 0 or more", item);
    out->push_back(value);
  }
  return {};
}

Status ReadDensities(const Json& json, const std::string& place, std::vector<double>* out) {
  RETORT_RETURN_IF_ERROR(ReadNumbers(json, place, 0, out));
  for (size_t i = 0; i < out->size(); ++i) {
    const double above = i == 0 ? 0 : (*out)[i - 1];
    if (!((*out)[i] > above && (*out)[i] < 1))
      return WrongField(Item(place, i), "densities that ascend, in (0, 1)", json[i]);
  }
  return out->empty() ? WrongField(place, "one density or more", json) : Status();
}

/// [layers, columns]; `out` stays empty where the file has none.
Status ReadTable(const Json& json, const std::string& place, int32_t layers, size_t columns, Table* out) {
  if (json.is_null()) return {};
  if (!json.is_array() || json.size() != static_cast<size_t>(layers))
    return WrongField(place, "a list for each of " + std::to_string(layers) + " layers", json);
  for (const Json& row : json) {
    const std::string at = Item(place, out->size());
    RETORT_RETURN_IF_ERROR(ReadNumbers(row, at, columns, &out->emplace_back()));
  }
  return {};
}

Status ReadTrial(const Json& json, const std::string& place, SparseTrial* trial) {
  const auto number = [&](const char* name, auto* to) -> Status {
    const Json& field = JsonField(json, name);
    if (!field.is_number()) return WrongField(place + "." + name, "a number", field);
    *to = field.get<std::remove_pointer_t<decltype(to)>>();
    return {};
  };
  const Json& kind = JsonField(json, "kind");
  if (kind != "coarse" && kind != "fine") return WrongField(place + ".kind", "\"coarse\" or \"fine\"", kind);
  trial->kind = kind == "coarse" ? SparsityKind::kCoarse : SparsityKind::kFine;
  trial->uneven = JsonField(json, "uneven") == true;
  trial->thresholds = JsonField(json, "thresholds") == true;
  if (JsonField(json, "rule") != "lossless") RETORT_RETURN_IF_ERROR(number("threshold", &trial->threshold.emplace()));
  RETORT_RETURN_IF_ERROR(number("density", &trial->density));
  RETORT_RETURN_IF_ERROR(number("period", &trial->period));
  RETORT_RETURN_IF_ERROR(number("checks", &trial->checks));
  RETORT_RETURN_IF_ERROR(number("aal", &trial->aal));
  RETORT_RETURN_IF_ERROR(number("effective_density", &trial->effective_density));
  RETORT_RETURN_IF_ERROR(number("agreement", &trial->agreement));
  RETORT_RETURN_IF_ERROR(number("speed", &trial->speed));
  return number("speed_error", &trial->speed_error);
}

Status ReadTrials(const Json& json, const std::string& place, std::vector<SparseTrial>* out) {
  if (json.is_null()) return {};
  if (!json.is_array()) return WrongField(place, "a list", json);
  for (const Json& item : json) {
    const std::string at = Item(place, out->size());
    RETORT_RETURN_IF_ERROR(ReadTrial(item, at, &out->emplace_back()));
  }
  return {};
}

Result<SparseProfile> Parse(std::string_view text) {
  RETORT_ASSIGN_OR_RETURN(const Json json, ParseJsonObject(text));
  const Json& version = JsonField(json, "retort_sparse_profile");
  if (version != kVersion) return WrongField("retort_sparse_profile", std::to_string(kVersion), version);
  SparseProfile profile;
  RETORT_ASSIGN_OR_RETURN(profile.made_for, ReadProfileModel(json));
  const int32_t layers = profile.made_for.layers;
  const Json& neurons = JsonField(json, "neurons");
  const int64_t count = neurons.is_number_integer() ? neurons.get<int64_t>() : 0;
  if (count < 1 || count > kMostNeurons) return WrongField("neurons", "the number of a layer's neurons", neurons);
  profile.neurons = static_cast<int32_t>(count);
  const Json& sensitivity = JsonField(json, "sensitivity");
  RETORT_RETURN_IF_ERROR(
      ReadDensities(JsonField(sensitivity, "densities"), "sensitivity.densities", &profile.densities));
  for (const auto& [name, table] : {std::pair("coarse", &profile.coarse), {"fine", &profile.fine}}) {
    RETORT_RETURN_IF_ERROR(ReadTable(JsonField(sensitivity, name), std::string("sensitivity.") + name, layers,
                                     profile.densities.size(), table));
  }
  if (const Json& gates = JsonField(json, "thresholds"); !gates.is_null()) {
    RETORT_RETURN_IF_ERROR(
        ReadDensities(JsonField(gates, "densities"), "thresholds.densities", &profile.threshold_densities));
    RETORT_RETURN_IF_ERROR(ReadTable(JsonField(gates, "magnitudes"), "thresholds.magnitudes", layers,
                                     profile.threshold_densities.size(), &profile.thresholds));
  }
  const Json& measured = JsonField(json, "measured");
  if (const Json& weights = JsonField(measured, "weights"); weights.is_string()) profile.weights = weights;
  RETORT_RETURN_IF_ERROR(ReadTrials(JsonField(measured, "trials"), "measured.trials", &profile.trials));
  RETORT_RETURN_IF_ERROR(ReadTrials(JsonField(measured, "best"), "measured.best", &profile.best));
  return profile;
}

}  // namespace

Result<SparseProfile> ReadSparseProfile(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const MappedFile file,
                          MappedFile::Open(path, "a profile that `retort sparse calibrate` wrote"));
  auto profile = Parse({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  if (profile.ok()) return profile;
  return DataLoss(path + ": " + profile.status().message() + "; make the profile anew with `retort sparse calibrate`");
}

nlohmann::ordered_json TrialJson(const SparseTrial& trial) {
  nlohmann::ordered_json json = {{"kind", trial.kind == SparsityKind::kCoarse ? "coarse" : "fine"},
                                 {"density", trial.density},
                                 {"uneven", trial.uneven},
                                 {"thresholds", trial.thresholds},
                                 {"period", trial.period},
                                 {"rule", trial.threshold ? "threshold" : "lossless"}};
  if (trial.threshold) json["threshold"] = *trial.threshold;
  json.update({{"checks", trial.checks},
               {"aal", trial.aal},
               {"effective_density", trial.effective_density},
               {"agreement", trial.agreement},
               {"speed", trial.speed},
               {"speed_error", trial.speed_error}});
  return json;
}

std::string SparseProfileText(const SparseProfile& profile) {
  nlohmann::ordered_json sensitivity = {{"densities", profile.densities}};
  if (!profile.coarse.empty()) sensitivity["coarse"] = profile.coarse;
  if (!profile.fine.empty()) sensitivity["fine"] = profile.fine;
  nlohmann::ordered_json json = {{"retort_sparse_profile", kVersion},
                                 {"model", profile.made_for.model},
                                 {"fingerprint", HexText(profile.made_for.fingerprint)},
                                 {"layers", profile.made_for.layers},
                                 {"neurons", profile.neurons},
                                 {"sensitivity", sensitivity}};
  if (!profile.thresholds.empty())
    json["thresholds"] = {{"densities", profile.threshold_densities}, {"magnitudes", profile.thresholds}};
  nlohmann::ordered_json trials = nlohmann::ordered_json::array(), best = trials;
  for (const SparseTrial& trial : profile.trials) trials.push_back(TrialJson(trial));
  for (const SparseTrial& trial : profile.best) best.push_back(TrialJson(trial));
  json["measured"] = {{"weights", profile.weights}, {"trials", trials}, {"best", best}};
  return json.dump(1) + "\n";
}

}  // namespace retort
