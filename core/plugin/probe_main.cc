// retort-plugin-probe PATH: load one plugin and say by the exit code that the process lived through it. Started by the
// loader for files that it does not know yet; see plugin_probe.h.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "core/plugin/loader.h"
#include "core/plugin/plugin_probe.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: retort-plugin-probe PLUGIN.so\n", stderr);
    return 2;
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  retort::Registry registry;
  const retort::Status status = retort::LoadPlugin(argv[1], registry);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  _exit(retort::kProbeSurvived);  // not through the plugin's own exit handlers
}
