// Where the SDK meets the ABI: the host's table, strings, and status codes both ways.
#pragma once

#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "retort/plugin.h"
#include "retort/status.h"

namespace retort::sdk {

/// The host's functions; set before any stage exists. Hidden, so that each plugin keeps its own.
__attribute__((visibility("hidden"))) inline const retort_host* host_table = nullptr;

inline const retort_host& Host() { return *host_table; }

inline retort_string ToC(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromC(retort_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.length);
}

/// What a host function returned, with the host's own message.
inline Status FromCode(retort_code code) {
  if (code == RETORT_OK) return {};
  return {static_cast<StatusCode>(code), std::string(FromC(Host().last_error()))};
}

/// Hand a status to the host; gives its code.
inline retort_code ToCode(const Status& status) noexcept {
  if (status.ok()) return RETORT_OK;
  return Host().set_error(static_cast<retort_code>(status.code()), ToC(status.message()));
}

/// Run `body`, which returns a retort_code, and turn an exception into RETORT_INTERNAL with its text.
template <typename Body>
retort_code Guard(Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    return Host().set_error(RETORT_INTERNAL, ToC(e.what()));
  } catch (...) {
    return Host().set_error(RETORT_INTERNAL, ToC("an exception that is no std::exception"));
  }
}

enum class LogLevel : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };
inline void Log(LogLevel level, std::string_view message) { Host().log(static_cast<int32_t>(level), ToC(message)); }

}  // namespace retort::sdk
