#include "core/decode/injected_fault.h"

namespace retort {

std::span<const InjectedFault> InjectedFaults() {
  static constexpr InjectedFault kFaults[] = {InjectedFault::kArgmaxAsSampled, InjectedFault::kResidualByPosition,
                                              InjectedFault::kNextPositionResample, InjectedFault::kDraftBeforeTopP};
  return kFaults;
}

std::string_view InjectedFaultName(InjectedFault fault) {
  switch (fault) {
    case InjectedFault::kNone: return "none";
    case InjectedFault::kArgmaxAsSampled: return "argmax-as-sampled";
    case InjectedFault::kResidualByPosition: return "residual-by-position";
    case InjectedFault::kNextPositionResample: return "next-position-resample";
    case InjectedFault::kDraftBeforeTopP: return "draft-before-top-p";
  }
  return "none";
}

InjectedFault FindInjectedFault(std::string_view name) {
  for (const InjectedFault fault : InjectedFaults()) {
    if (InjectedFaultName(fault) == name) return fault;
  }
  return InjectedFault::kNone;
}

}  // namespace retort
