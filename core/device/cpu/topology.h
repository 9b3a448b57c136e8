// The cores that this process may use.
#pragma once

#include <string>
#include <vector>

namespace retort {

/// Cores among the processors that this process may run on (taskset, cgroups' cpusets). Two hardware threads of one
/// core share the units that kernels keep busy, so they count once. At least 1; processors that the system says nothing
/// about count as cores. `root`: where the system describes its processors, for tests.
int UsableCores(const std::string& root = "/sys/devices/system/cpu");

/// One processor of each of these cores, in ascending order; empty where the system does not say.
std::vector<int> ProcessorsOfCores(const std::string& root = "/sys/devices/system/cpu");

}  // namespace retort
