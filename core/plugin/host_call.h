// How host functions report: a code to the plugin, the message in a slot of the calling thread. No exception leaves.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/plugin/abi_v1.h"
#include "retort/plugin.h"
#include "retort/status.h"

namespace retort {

/// The message of this thread's last failed host call, or the one that the plugin set.
std::string& LastHostError();

/// Keep the status's message for last_error and give its code.
retort_code ReportCode(const Status& status) noexcept;
/// What a plugin's function returned as a Status, with the message that it set. Codes that the ABI does not know become
/// kInternal. Take the code at once: the next host call of the thread replaces the message.
Status StatusOfCode(retort_code code, std::string_view function);

/// Run `body`, which returns a Status.
template <typename Body>
retort_code HostCall(Body&& body) noexcept {
  try {
    return ReportCode(std::forward<Body>(body)());
  } catch (const std::bad_alloc&) {
    return ReportCode(ResourceExhausted("no memory left"));
  } catch (const std::exception& e) {
    return ReportCode(Internal(e.what()));
  }
}

inline std::string_view ViewOf(retort_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.length);
}
inline retort_string ToAbi(std::string_view text) { return {text.data(), text.size()}; }

/// kInvalidArgument naming the first null pointer: NotNull({{record, "record"}, {value, "value"}}).
struct NamedPointer {
  const void* pointer;
  const char* name;
};
template <size_t N>
Status NotNull(const NamedPointer (&pointers)[N]) {
  for (const NamedPointer& p : pointers) {
    if (p.pointer == nullptr) return InvalidArgument(std::string(p.name) + ": expected a pointer, got null");
  }
  return {};
}

/// A struct that the plugin gave, to read or to fill, has at least the members of version 1.
template <typename Struct>
Status CheckStruct(const char* name, const Struct* given) {
  if (given == nullptr) return InvalidArgument(std::string(name) + ": expected a pointer, got null");
  static_assert(kFrozenSize<Struct> > 0, "say in abi_v1.h how long it was when its version was frozen");
  if (given->size >= kFrozenSize<Struct>) return {};
  return InvalidArgument(std::string(name) + ".size: expected " + std::to_string(kFrozenSize<Struct>) +
                         " or more, got " + std::to_string(given->size) + "; set it to sizeof(" + name +
                         ") before the call");
}

}  // namespace retort
