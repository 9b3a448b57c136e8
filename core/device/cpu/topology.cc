#include "core/device/cpu/topology.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace retort {

std::vector<int> ProcessorsOfCores(const std::string& root) {
  std::vector<int> processors;
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return processors;
  std::set<std::string> cores;  // each named by the list of its hardware threads
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable)) continue;
    const std::string name = "cpu" + std::to_string(cpu);
    std::ifstream file(root + "/" + name + "/topology/thread_siblings_list");
    std::string siblings;
    if (!std::getline(file, siblings) || siblings.empty()) siblings = name;
    if (cores.insert(siblings).second) processors.push_back(cpu);
  }
  return processors;
}

int UsableCores(const std::string& root) { return std::max(1, static_cast<int>(ProcessorsOfCores(root).size())); }

}  // namespace retort
