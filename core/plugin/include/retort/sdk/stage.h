// The class that a stage derives from, and the two symbols that make a library of stages a plugin.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "retort/sdk/boundary.h"
#include "retort/sdk/config.h"
#include "retort/sdk/context.h"
#include "retort/sdk/spec.h"

namespace retort::sdk {

enum class More { kMore, kEnd };

/// A remark of `lint` on option values that are allowed.
struct Advice {
  std::string option;   // it stands at its value, and is left out where the pipeline gives none; "" = at the stage
  std::string message;  // what the values mean, in one line
  std::string value;    // what the option had better be; "" = nothing in particular
  std::string because;  // the option by whose value it is so; left out where a variable gives that. "" = none
};

/// How a run ended: whole (also when it was drained), or stopped or aborted with records under way.
enum class Ending { kWhole, kCutShort };

/// A stage also has
///   static StageSpec Spec();
///   static Result<std::unique_ptr<TheClass>> Create(const Config& config);
/// and may have, for `lint` to find values that do not go together (no model is loaded then):
///   static Status Check(const Config& config);
/// and, where option values decide what a port carries (-1: the input), a text that lives on:
///   static std::string_view Payload(const Config& config, int32_t output);
/// and, where the model of a MODEL option may be there to be looked at only, so that others may run it meanwhile:
///   static bool RunsModel(const Config& config, std::string_view option);
/// and, for `lint` to say what allowed values do not do, or give up:
///   static std::vector<Advice> Advise(const Config& config);
/// One thread at a time calls an instance (not always the same), unless its Spec says Concurrent().
class Stage {
 public:
  virtual ~Stage() = default;
  /// Take resources; once, after every stage was created.
  virtual Status Open() { return {}; }
  /// Stages with an input: give each record away. A failure fails those not given away, and the run goes on.
  virtual Status Process(Context&, std::span<const Record>) { return Internal("the stage does not define Process"); }
  /// Sources: create and emit up to `want` records.
  virtual Result<More> Produce(Context&, size_t /*want*/) { return Internal("the source does not define Produce"); }
  /// Flush and release; once, however the run ended. A failure aborts the run; kCancelled is none, its message (where
  /// the output of a run that was cut short is) joins the run's.
  virtual Status Close(Ending) { return {}; }
};

/// The function table of stage T. Exceptions end here.
template <typename T>
struct StageFunctions {
  static retort_code Create(void*, const retort_config* handle, void** instance) {
    return Guard([&] {
      const Config config(handle);
      Result<std::unique_ptr<T>> made = T::Create(config);
      if (!config.status().ok()) return ToCode(config.status());
      if (!made.ok()) return ToCode(made.status());
      *instance = static_cast<Stage*>(made->release());
      return retort_code{RETORT_OK};
    });
  }
  static retort_code Open(void* instance) {
    return Guard([&] { return ToCode(static_cast<Stage*>(instance)->Open()); });
  }
  static retort_code Process(void* instance, retort_context* handle, retort_record* const* records, size_t count) {
    return Guard([&] {
      Context context(handle);
      Stage* stage = static_cast<Stage*>(instance);
      if (records != nullptr) {
        return ToCode(stage->Process(context, {reinterpret_cast<const Record*>(records), count}));
      }
      const Result<More> more = stage->Produce(context, count);
      if (!more.ok()) return ToCode(more.status());
      return retort_code{*more == More::kEnd ? RETORT_END : RETORT_OK};
    });
  }
  static retort_code Close(void* instance, int32_t cut_short) {
    const Ending ending = cut_short != 0 ? Ending::kCutShort : Ending::kWhole;
    return Guard([&] { return ToCode(static_cast<Stage*>(instance)->Close(ending)); });
  }
  static void Destroy(void* instance) { delete static_cast<Stage*>(instance); }

  static retort_code Check(void*, const retort_config* handle) {
    return Guard([&] {
      const Config config(handle);
      if constexpr (requires { T::Check(config); }) return ToCode(T::Check(config));
      return retort_code{RETORT_OK};
    });
  }

  static retort_code Payload(void*, const retort_config* handle, int32_t output, retort_string* payload) {
    return Guard([&] {
      const Config config(handle);
      if constexpr (requires { T::Payload(config, output); }) *payload = ToC(T::Payload(config, output));
      return ToCode(config.status());
    });
  }
  static constexpr bool SaysPayload() {
    return requires(const Config& config) { T::Payload(config, 0); };
  }

  static retort_code RunsModel(void*, const retort_config* handle, retort_string option, int32_t* runs) {
    return Guard([&] {
      const Config config(handle);
      if constexpr (requires { T::RunsModel(config, FromC(option)); })
        *runs = T::RunsModel(config, FromC(option)) ? 1 : 0;
      return ToCode(config.status());
    });
  }
  static constexpr bool SaysRunsModel() {
    return requires(const Config& config) { T::RunsModel(config, std::string_view()); };
  }

  static retort_code Advise(void*, const retort_config* handle, uint32_t index, retort_advice* advice) {
    return Guard([&] {
      thread_local std::vector<Advice> all;  // what the strings given last point into
      if (index == 0) {
        const Config config(handle);
        if constexpr (SaysAdvice()) all = T::Advise(config);
        if (!config.status().ok()) return ToCode(config.status());
      }
      if (index >= all.size()) return retort_code{RETORT_END};
      const Advice& a = all[index];
      const retort_advice whole = {advice->size, 0, ToC(a.option), ToC(a.message), ToC(a.value), ToC(a.because)};
      std::memcpy(advice, &whole, std::min<size_t>(advice->size, sizeof whole));
      return retort_code{RETORT_OK};
    });
  }
  static constexpr bool SaysAdvice() {
    return requires(const Config& config) { T::Advise(config); };
  }

  static constexpr retort_stage_functions kTable = {sizeof(retort_stage_functions),
                                                    0,
                                                    Create,
                                                    Open,
                                                    Process,
                                                    Close,
                                                    Destroy,
                                                    Check,
                                                    SaysPayload() ? Payload : nullptr,
                                                    SaysRunsModel() ? RunsModel : nullptr,
                                                    SaysAdvice() ? Advise : nullptr};
};

/// Register each stage; the body of retort_plugin_init.
template <typename... Stages>
retort_code RegisterStages(const retort_host* host, retort_registrar* registrar) noexcept {
  if (host->size < sizeof(retort_host))
    return host->set_error(RETORT_UNSUPPORTED,
                           ToC("it was built with the SDK of a newer Retort, whose host does more "
                               "than this one; use that Retort or newer, or build it with this SDK"));
  host_table = host;
  return Guard([&] {
    Status status;
    ((status = status.ok() ? Stages::Spec().Register(registrar, StageFunctions<Stages>::kTable) : status), ...);
    return ToCode(status);
  });
}

}  // namespace retort::sdk

/// Make the library a plugin with these stages: RETORT_PLUGIN(Upper) or RETORT_PLUGIN(A, B). Once per library, outside
/// of any namespace.
#define RETORT_PLUGIN(...)                                                               \
  extern "C" {                                                                           \
  const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;                         \
  retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) { \
    return ::retort::sdk::RegisterStages<__VA_ARGS__>(host, registrar);                  \
  }                                                                                      \
  }
