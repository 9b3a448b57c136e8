#include "core/device/cpu/instruction_sets.h"

#include <hwy/highway.h>

#include <cstdint>
#include <cstdlib>

namespace retort {

std::string InstructionSets() {
  std::string names;
  for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    names.append(names.empty() ? "" : " ").append(hwy::TargetName(rest & -rest));
  }
  return names;
}

Status ApplyMaxIsa() {
  const char* const wanted = std::getenv("RETORT_MAX_ISA");
  if (wanted == nullptr || *wanted == '\0') return {};
  // Not by DisableTargets: in Highway 1.0 every later SupportedTargets() chooses the best target anew.
  hwy::SetSupportedTargetsForTest(0);  // what an earlier call left out counts again
  const int64_t supported = hwy::SupportedTargets();
  for (int64_t rest = supported; rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    if (wanted != std::string(hwy::TargetName(target))) continue;
    hwy::SetSupportedTargetsForTest(supported & ~(target - 1));  // better ones have lower bits
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return {};
  }
  return InvalidArgument("RETORT_MAX_ISA: expected one of " + InstructionSets() + ", got '" + wanted + "'");
}

}  // namespace retort
