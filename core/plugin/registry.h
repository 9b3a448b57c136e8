// The stages that a process knows, and the plugins it refused with the reason. Filled once at start, then read only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/descriptor.h"

namespace retort {

struct RefusedPlugin {
  std::string path;
  Status reason;
};

class Registry {
 public:
  /// The stage of this name, or null. Pointers stay valid as long as the registry.
  const StageDescriptor* Find(std::string_view name) const;
  /// Sorted by name.
  std::vector<std::string> StageNames() const;
  std::vector<const StageDescriptor*> all() const;
  const std::vector<RefusedPlugin>& refused() const { return refused_; }

  /// Add all stages of one plugin, or none. Errors: kAlreadyExists naming both files.
  Status Add(std::vector<StageDescriptor> stages);
  void Refuse(std::string path, Status reason);

 private:
  std::map<std::string, StageDescriptor, std::less<>> stages_;
  std::vector<RefusedPlugin> refused_;
};

}  // namespace retort
