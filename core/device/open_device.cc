#include <charconv>
#include <string>

#include "core/device/cpu/host_device.h"
#include "core/device/cpu/instruction_sets.h"
#include "core/device/cuda_module.h"
#include "core/device/device.h"

namespace retort {

Result<std::shared_ptr<Device>> OpenDevice(std::string_view name, int threads) {
  if (threads < 0) return InvalidArgument("threads: expected 0 (all) or more, got " + std::to_string(threads));
  if (name == "ref") return MakeHostDevice(DeviceKind::kRef, 1);
  if (name == "cpu") {
    RETORT_RETURN_IF_ERROR(ApplyMaxIsa());
    return MakeHostDevice(DeviceKind::kCpu, threads);
  }
  if (name == "cuda" || name.starts_with("cuda:")) {
    int index = 0;
    if (name.size() > 4) {
      const char* end = name.data() + name.size();
      const auto [rest, error] = std::from_chars(name.data() + 5, end, index);
      if (error != std::errc() || rest != end || index < 0) {
        return InvalidArgument("device '" + std::string(name) + "': expected cuda or cuda:N with N from 0");
      }
    }
    RETORT_ASSIGN_OR_RETURN(Device* const device, OpenCudaDevice(index));
    return std::shared_ptr<Device>(device);
  }
  return NotFound("device '" + std::string(name) + "': expected ref, cpu, cuda or cuda:N");
}

}  // namespace retort
