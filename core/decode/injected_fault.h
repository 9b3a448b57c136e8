// Faults of known engines, to be switched on where a test of losslessness has to show that it can fail.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace retort {

enum class InjectedFault : int32_t {
  kNone = 0,
  kArgmaxAsSampled,       // a draft is the argmax of q, and is accepted as if it had been drawn from it
  kResidualByPosition,    // the residual subtracts q from p place by place in two lists sorted by probability
  kNextPositionResample,  // what replaces a rejected token is drawn from the row after that token
  kDraftBeforeTopP,       // a draft is drawn after top_p, and its q is recorded before
};

/// Every fault but kNone.
std::span<const InjectedFault> InjectedFaults();
/// "argmax-as-sampled", ...; "none".
std::string_view InjectedFaultName(InjectedFault fault);
/// The fault of this name, kNone where there is none.
InjectedFault FindInjectedFault(std::string_view name);

}  // namespace retort
