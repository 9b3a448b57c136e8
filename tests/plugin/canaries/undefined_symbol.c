/* Needs a function that no library has. */
#include "registering.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  (void)host;
  extern int retort_canary_function_of_nobody(void);
  return retort_canary_function_of_nobody() +
         RegisterSink(registrar, "canary-undefined", "3", sizeof(retort_stage_spec));
}
