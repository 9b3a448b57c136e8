#include "core/plugin/host_services.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/plugin/host_call.h"

namespace retort {
namespace {

retort_code SetError(retort_code code, retort_string message) {
  return HostCall([&]() -> Status {
    if (code > RETORT_OK && code <= RETORT_INTERNAL)
      return {static_cast<StatusCode>(code), std::string(ViewOf(message))};
    return Internal("set_error with code " + std::to_string(code) +
                    ", which is no error: " + std::string(ViewOf(message)));
  });
}

retort_string LastError() { return ToAbi(LastHostError()); }

/// On stderr: stdout is for what a run gives, records or a summary as JSON.
spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = spdlog::stderr_color_mt("retort");
  return *logger;
}

void Log(int32_t level, retort_string message) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                   spdlog::level::err};
  const retort_code code = HostCall([&]() -> Status {
    Logger().log(kLevels[std::clamp(level, 0, 3)], "{}", fmt::string_view(message.data, ViewOf(message).size()));
    return {};
  });
  static_cast<void>(code);  // a log line that cannot be written is no reason to stop
}

}  // namespace

std::string& LastHostError() {
  thread_local std::string message;
  return message;
}

retort_code ReportCode(const Status& status) noexcept {
  if (status.ok()) return RETORT_OK;
  try {
    LastHostError() = status.message();
  } catch (const std::bad_alloc&) {
    LastHostError().clear();
  }
  return static_cast<retort_code>(status.code());
}

Status StatusOfCode(retort_code code, std::string_view function) {
  if (code == RETORT_OK) return {};
  std::string message = LastHostError();
  LastHostError().clear();
  if (code < RETORT_OK || code > RETORT_INTERNAL) {
    return Internal(std::string(function) + " returned " + std::to_string(code) + ", which is no retort_code" +
                    (message.empty() ? "" : ": " + message));
  }
  if (message.empty()) message = std::string(function) + " failed without a message; plugins say why with set_error";
  return {static_cast<StatusCode>(code), std::move(message)};
}

const retort_host& HostServices() {
  static const retort_host table = [] {
    retort_host host = {};
    host.size = sizeof host;
    host.abi_version = RETORT_ABI_VERSION;
    host.set_error = SetError;
    host.last_error = LastError;
    host.log = Log;
    FillConfigServices(host);
    FillContextServices(host);
    FillRecordServices(host);
    FillModelServices(host);
    FillModelPartServices(host);
    FillTokenServices(host);
    FillSequenceServices(host);
    FillDraftServices(host);
    FillDraftAnswerServices(host);
    FillSamplingServices(host);
    return host;
  }();
  return table;
}

}  // namespace retort
