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
  hwy::DisableTargets(0);  // what an earlier call left out counts again
  for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    if (wanted != std::string(hwy::TargetName(target))) continue;
    hwy::DisableTargets(target - 1);  // better ones have lower bits
    return {};
  }
  return InvalidArgument("RETORT_MAX_ISA: expected one of " + InstructionSets() + ", got '" + wanted + "'");
}

}  // namespace retort
