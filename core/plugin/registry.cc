#include "core/plugin/registry.h"

#include <utility>

namespace retort {

const StageDescriptor* Registry::Find(std::string_view name) const {
  const auto found = stages_.find(name);
  return found == stages_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::StageNames() const {
  std::vector<std::string> names;
  for (const auto& [name, stage] : stages_) names.push_back(name);
  return names;
}

std::vector<const StageDescriptor*> Registry::all() const {
  std::vector<const StageDescriptor*> stages;
  for (const auto& [name, stage] : stages_) stages.push_back(&stage);
  return stages;
}

Status Registry::Add(std::vector<StageDescriptor> stages) {
  for (size_t i = 0; i < stages.size(); ++i) {
    const StageDescriptor* other = Find(stages[i].name);
    for (size_t j = 0; j < i && other == nullptr; ++j) {
      if (stages[j].name == stages[i].name) other = &stages[j];
    }
    if (other != nullptr) {
      return AlreadyExists("stage `" + stages[i].name + "` of " + stages[i].plugin_path + " is already registered by " +
                           other->plugin_path + "; rename one of them or remove one file");
    }
  }
  for (StageDescriptor& stage : stages) {
    std::string name = stage.name;
    stages_.emplace(std::move(name), std::move(stage));
  }
  return {};
}

void Registry::Refuse(std::string path, Status reason) { refused_.push_back({std::move(path), std::move(reason)}); }

}  // namespace retort
