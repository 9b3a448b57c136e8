/* Built for another ABI version; its init must not be called. */
#include <stdlib.h>

#include "retort/plugin.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_OLDEST - 1u;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  (void)host, (void)registrar;
  abort();
}
