// Named settings of a model (sizes, constants, switches), whatever the format that they stand in, and a reader that
// checks their ranges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

class Settings {
 public:
  virtual ~Settings() = default;
  virtual bool Has(std::string_view name) const = 0;
  /// Errors: kNotFound, kInvalidArgument (another type); messages begin with Where(name).
  virtual Result<int64_t> GetInt(std::string_view name) const = 0;
  virtual Result<double> GetFloat(std::string_view name) const = 0;  // integers too
  virtual Result<bool> GetBool(std::string_view name) const = 0;
  virtual Result<std::string_view> GetString(std::string_view name) const = 0;
  /// File and setting, as a user finds it: "m.gguf: metadata 'llama.block_count'".
  virtual std::string Where(std::string_view name) const = 0;
};

/// Reads settings and keeps the first error, so that a model's sizes read as a list.
class SettingsReader {
 public:
  explicit SettingsReader(const Settings& settings) : settings_(settings) {}

  int32_t Int(std::string_view name, int64_t low, int64_t high);
  int32_t IntOr(std::string_view name, int32_t other, int64_t low, int64_t high) {
    return settings_.Has(name) ? Int(name, low, high) : other;
  }
  /// Above 0 and below 1e12.
  float Float(std::string_view name);
  float FloatOr(std::string_view name, float other) { return settings_.Has(name) ? Float(name) : other; }
  bool BoolOr(std::string_view name, bool other);
  std::string StringOr(std::string_view name, std::string other);

  const Status& status() const { return status_; }

 private:
  template <typename T>
  T Fail(Status status, T value) {
    if (status_.ok()) status_ = std::move(status);
    return value;
  }
  const Settings& settings_;
  Status status_;
};

}  // namespace retort
