#include "core/model/profile_fields.h"

#include <charconv>

#include "core/model/json_text.h"

namespace retort {
namespace {

using Json = nlohmann::json;
constexpr int64_t kMostLayers = 1 << 16;

Status ReadFingerprint(const Json& json, uint64_t* fingerprint) {
  const Json& field = JsonField(json, "fingerprint");
  const std::string text = field.is_string() ? field.get<std::string>() : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *fingerprint, 16);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return {};
  return WrongField("fingerprint", "a hexadecimal number in quotes", field);
}

}  // namespace

std::string HexText(uint64_t value) {
  char digits[17] = {};
  std::to_chars(digits, digits + 16, value, 16);
  return digits;
}

Status WrongField(const std::string& place, const std::string& expected, const Json& got) {
  return DataLoss(place + ": expected " + expected + ", got " + (got.is_null() ? "nothing" : JsonShown(got)));
}

Result<ProfileModel> ReadProfileModel(const Json& profile) {
  ProfileModel read;
  if (const Json& model = JsonField(profile, "model"); model.is_string()) read.model = model.get<std::string>();
  RETORT_RETURN_IF_ERROR(ReadFingerprint(profile, &read.fingerprint));
  const Json& layers = JsonField(profile, "layers");
  const int64_t count = layers.is_number_integer() ? layers.get<int64_t>() : 0;
  if (count < 1 || count > kMostLayers) return WrongField("layers", "the number of the model's layers", layers);
  read.layers = static_cast<int32_t>(count);
  return read;
}

Status ProfileModel::CheckFits(const Model& other, const std::string& command) const {
  const uint64_t own = other.Fingerprint();
  if (own == fingerprint && other.hyper().layers == layers) return {};
  return Unsupported("expected a profile of " + other.config().source + " (fingerprint " + HexText(own) +
                     "), got one of " + (model.empty() ? "another model" : model) + " (" + HexText(fingerprint) +
                     "); make one with `" + command + " --model " + other.config().source + "`");
}

}  // namespace retort
