// Payload types of ports. They form a line of "is also a": `draft:point-mass` < `draft:sampled` < `draft:tree` <
// `draft` < `sequence` < `record`; any other name is a type of its own below `record`. (retort_port_spec)
#pragma once

#include <string_view>

namespace retort {

/// The type just above `payload`: drafts as above, another `x:y` is an `x`, all others are a `record`.
constexpr std::string_view PayloadParent(std::string_view payload) {
  if (payload == "draft:point-mass") return "draft:sampled";
  if (payload == "draft:sampled") return "draft:tree";
  const size_t colon = payload.rfind(':');
  if (colon != std::string_view::npos) return payload.substr(0, colon);
  return payload == "draft" ? "sequence" : "record";
}

/// True where something of type `payload` may go into an input of type `wanted`.
constexpr bool PayloadIs(std::string_view payload, std::string_view wanted) {
  while (payload != wanted) {
    if (payload == "record") return false;
    payload = PayloadParent(payload);
  }
  return true;
}

}  // namespace retort
