#include "core/device/cuda_module.h"
#include "core/ops/cpu/cpu_ops.h"
#include "core/ops/ops.h"
#include "core/ops/ref/ref_ops.h"

namespace retort {

Result<std::unique_ptr<OpSet>> MakeOpSet(Device& device) {
  switch (device.info().kind) {
    case DeviceKind::kRef: return MakeRefOps(device);
    case DeviceKind::kCpu: return MakeCpuOps(device);
    case DeviceKind::kCuda: {
      RETORT_ASSIGN_OR_RETURN(OpSet* const ops, MakeCudaOpSet(device));
      return std::unique_ptr<OpSet>(ops);
    }
  }
  return Unsupported("device '" + device.info().name + "' has no operations");
}

}  // namespace retort
