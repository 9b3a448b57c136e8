/* Returns an error without a message. */
#include "registering.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  (void)host, (void)registrar;
  return RETORT_DATA_LOSS;
}
