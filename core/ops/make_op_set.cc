#include "core/device/cuda_module.h"
#include "core/ops/cpu/cpu_ops.h"
#include "core/ops/ops.h"
#include "core/ops/ref/ref_ops.h"

namespace retort {

Status OpSet::PackWeights(std::span<WeightToPack> weights) {
  for (WeightToPack& weight : weights) {
    auto packed = PackWeight(weight.type, weight.data, weight.n, weight.k);
    if (!packed.ok()) return packed.status().Annotate("tensor '" + weight.name + "'");
    weight.packed = *std::move(packed);
  }
  return {};
}

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
