// The option values of one stage. The host has checked them against the stage's Spec, so getters give plain values;
// asking for an option that the Spec lacks, or as another type, makes Create fail with the host's message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retort/sdk/boundary.h"
#include "retort/sdk/model.h"

namespace retort::sdk {

class Config {
 public:
  explicit Config(const retort_config* handle) : handle_(handle) {}

  bool Bool(std::string_view name) const {
    int32_t value = 0;
    Keep(Host().config_bool(handle_, ToC(name), &value));
    return value != 0;
  }
  int64_t Int(std::string_view name) const {
    int64_t value = 0;
    Keep(Host().config_int(handle_, ToC(name), &value));
    return value;
  }
  double Float(std::string_view name) const {
    double value = 0;
    Keep(Host().config_float(handle_, ToC(name), &value));
    return value;
  }
  /// Also of enums and paths.
  std::string String(std::string_view name) const {
    retort_string value = {};
    Keep(Host().config_string(handle_, ToC(name), &value));
    return std::string(FromC(value));
  }
  std::vector<std::string> List(std::string_view name) const {
    const retort_string* items = nullptr;
    size_t count = 0;
    Keep(Host().config_list(handle_, ToC(name), &items, &count));
    std::vector<std::string> list;
    for (size_t i = 0; i < count; ++i) list.emplace_back(FromC(items[i]));
    return list;
  }
  /// Empty (false) where the option may be left out and was.
  sdk::Model Model(std::string_view name) const {
    retort_model* model = nullptr;
    Keep(Host().config_model(handle_, ToC(name), &model));
    return sdk::Model(model);
  }
  /// The stage's name in this pipeline.
  std::string StageName() const { return std::string(FromC(Host().config_stage_name(handle_))); }

  /// The run is to be the same each time, so that nothing may follow the clock.
  bool Repeatable() const { return Host().config_repeatable(handle_) != 0; }

  /// The first failure of the getters above.
  const Status& status() const { return status_; }

 private:
  void Keep(retort_code code) const {
    if (code != RETORT_OK && status_.ok()) status_ = FromCode(code);
  }
  const retort_config* handle_;
  mutable Status status_;
};

}  // namespace retort::sdk
