#include "core/model/settings.h"

namespace retort {

int32_t SettingsReader::Int(std::string_view name, int64_t low, int64_t high) {
  const auto value = settings_.GetInt(name);
  if (!value.ok()) return Fail(value.status(), 0);
  if (*value >= low && *value <= high) return static_cast<int32_t>(*value);
  return Fail(InvalidArgument(settings_.Where(name) + ": expected " + std::to_string(low) + " to " +
                              std::to_string(high) + ", got " + std::to_string(*value)),
              0);
}

float SettingsReader::Float(std::string_view name) {
  const auto value = settings_.GetFloat(name);
  if (!value.ok()) return Fail(value.status(), 0.0f);
  if (*value > 0 && *value < 1e12) return static_cast<float>(*value);
  return Fail(InvalidArgument(settings_.Where(name) + ": expected a positive number, got " + std::to_string(*value)),
              0.0f);
}

bool SettingsReader::BoolOr(std::string_view name, bool other) {
  if (!settings_.Has(name)) return other;
  const auto value = settings_.GetBool(name);
  return value.ok() ? *value : Fail(value.status(), other);
}

std::string SettingsReader::StringOr(std::string_view name, std::string other) {
  if (!settings_.Has(name)) return other;
  const auto value = settings_.GetString(name);
  return value.ok() ? std::string(*value) : Fail(value.status(), other);
}

}  // namespace retort
