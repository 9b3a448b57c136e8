// The devices whose memory is the host's: `ref` (plain loops, one thread) and `cpu`.
#pragma once

#include <memory>

#include "core/device/device.h"

namespace retort {

/// `threads` 0 = as many as the process may use. `ref` always has one.
std::shared_ptr<Device> MakeHostDevice(DeviceKind kind, int threads);

}  // namespace retort
