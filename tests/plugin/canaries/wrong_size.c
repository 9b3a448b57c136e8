/* Its descriptor is shorter than that of version 1. */
#include "registering.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  (void)host;
  return RegisterSink(registrar, "canary-small", "3", sizeof(retort_stage_spec) - 8);
}
