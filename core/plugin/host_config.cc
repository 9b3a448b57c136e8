// Host functions: the option values of a stage.
#include <utility>

#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

retort_config::retort_config(const retort::StageDescriptor& stage, retort::StageConfig config)
    : descriptor(&stage), values(std::move(config)) {
  for (const auto& [name, value] : values.values) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
      for (const std::string& item : *list) lists[name].push_back(retort::ToAbi(item));
    }
  }
  for (const auto& [name, model] : values.models) models[name].model = model;
}

namespace retort {
namespace {

/// The value of option `name` as a T; `kind` names T.
template <typename T>
Result<const T*> Value(const retort_config* config, retort_string name, const void* out, const char* kind) {
  RETORT_RETURN_IF_ERROR(NotNull({{config, "config"}, {out, "value"}}));
  const std::string key(ViewOf(name));
  const auto found = config->values.values.find(key);
  if (config->descriptor->FindOption(key) == nullptr || found == config->values.values.end()) {
    std::string known;
    for (const OptionSpec& option : config->descriptor->options) known += (known.empty() ? "" : ", ") + option.name;
    return NotFound("stage `" + config->descriptor->name + "` has no value for option `" + key +
                    "`; its descriptor has: " + (known.empty() ? "none" : known));
  }
  const T* value = std::get_if<T>(&found->second);
  if (value != nullptr) return value;
  return InvalidArgument("stage `" + config->descriptor->name + "`: option `" + key + "` is not " + kind +
                         "; read it as the type that the descriptor gives it");
}

retort_code ConfigBool(const retort_config* config, retort_string name, int32_t* out) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const bool* value, Value<bool>(config, name, out, "a BOOL"));
    *out = *value ? 1 : 0;
    return {};
  });
}

retort_code ConfigInt(const retort_config* config, retort_string name, int64_t* out) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const int64_t* value, Value<int64_t>(config, name, out, "an INT"));
    *out = *value;
    return {};
  });
}

retort_code ConfigFloat(const retort_config* config, retort_string name, double* out) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const double* value, Value<double>(config, name, out, "a FLOAT"));
    *out = *value;
    return {};
  });
}

retort_code ConfigString(const retort_config* config, retort_string name, retort_string* out) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const std::string* value,
                            Value<std::string>(config, name, out, "a STRING, ENUM, PATH or MODEL"));
    *out = ToAbi(*value);
    return {};
  });
}

retort_code ConfigList(const retort_config* config, retort_string name, const retort_string** items, size_t* count) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{items, "items"}, {count, "count"}}));
    RETORT_ASSIGN_OR_RETURN(const auto* value, Value<std::vector<std::string>>(config, name, items, "a STRING_LIST"));
    *count = value->size();
    *items = value->empty() ? nullptr : config->lists.at(std::string(ViewOf(name))).data();
    return {};
  });
}

retort_code ConfigModel(const retort_config* config, retort_string name, retort_model** model) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const std::string* value, Value<std::string>(config, name, model, "a MODEL"));
    const std::string key(ViewOf(name));
    if (config->descriptor->FindOption(key)->type != RETORT_OPTION_MODEL) {
      return InvalidArgument("stage `" + config->descriptor->name + "`: option `" + key + "` is not a MODEL");
    }
    *model = nullptr;
    if (value->empty()) return {};
    const auto found = config->models.find(*value);
    if (found == config->models.end() || found->second.model == nullptr) {
      return NotFound("stage `" + config->values.stage_name + "`: model `" + *value + "` of option `" + key +
                      "` is not loaded; name it under `models:`");
    }
    *model = const_cast<retort_model*>(&found->second);
    return {};
  });
}

retort_string ConfigStageName(const retort_config* config) {
  return config == nullptr ? retort_string{} : ToAbi(config->values.stage_name);
}

int32_t ConfigRepeatable(const retort_config* config) { return config != nullptr && config->values.repeatable ? 1 : 0; }

}  // namespace

void FillConfigServices(retort_host& host) {
  host.config_bool = ConfigBool;
  host.config_int = ConfigInt;
  host.config_float = ConfigFloat;
  host.config_string = ConfigString;
  host.config_list = ConfigList;
  host.config_model = ConfigModel;
  host.config_stage_name = ConfigStageName;
  host.config_repeatable = ConfigRepeatable;
}

}  // namespace retort
