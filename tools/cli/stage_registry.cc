#include "tools/cli/stage_registry.h"

#include "core/plugin/loader.h"
#include "tools/cli/lock/signature.h"

namespace retort::cli {

const Registry& LoadStages() {
  static const Registry registry = [] {
    Registry loaded;
    LoaderOptions options = DefaultLoaderOptions({});
    options.check = SignatureCheckFromEnvironment();
    LoadPlugins(options, loaded);
    return loaded;
  }();
  return registry;
}

}  // namespace retort::cli
