#include "tools/cli/stage_registry.h"

#include "core/plugin/loader.h"

namespace retort::cli {

const Registry& LoadStages() {
  static const Registry registry = [] {
    Registry loaded;
    LoadPlugins(DefaultLoaderOptions({}), loaded);
    return loaded;
  }();
  return registry;
}

}  // namespace retort::cli
