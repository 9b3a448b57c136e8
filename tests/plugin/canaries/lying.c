/* Its default is outside of its own range, and it ignores being told so. */
#include "registering.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  (void)host;
  RegisterSink(registrar, "canary-lying", "11", sizeof(retort_stage_spec));
  return RETORT_OK;
}
