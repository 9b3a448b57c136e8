// The JSON files of a model's folder (config.json, tokenizer.json, ...), read with checks. null counts as missing.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/settings.h"

namespace retort {

/// The object in a file. Errors: kNotFound, kDataLoss (no JSON, or no object); messages name the file.
Result<nlohmann::json> ReadJsonObject(const std::string& path);

/// The settings of a JSON object; it must outlive this. `where` stands before the settings' names in messages:
/// "folder/config.json: " or "folder/config.json: rope_scaling.".
class JsonSettings final : public Settings {
 public:
  JsonSettings(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {}

  bool Has(std::string_view name) const override { return Find(name) != nullptr; }
  Result<int64_t> GetInt(std::string_view name) const override;
  Result<double> GetFloat(std::string_view name) const override;
  Result<bool> GetBool(std::string_view name) const override;
  Result<std::string_view> GetString(std::string_view name) const override;
  std::string Where(std::string_view name) const override { return where_ + std::string(name); }

  /// The value, or null where it is missing or JSON's null.
  const nlohmann::json* Find(std::string_view name) const;

 private:
  template <typename T>
  Result<T> Get(std::string_view name, bool (*fits)(const nlohmann::json&), const char* expected) const;
  const nlohmann::json& object_;
  std::string where_;
};

}  // namespace retort
