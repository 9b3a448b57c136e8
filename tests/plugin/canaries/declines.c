/* Says itself that it cannot work. */
#include "registering.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar) {
  const retort_string why = Text("no tea left; buy some");
  (void)registrar;
  return host->set_error(RETORT_UNSUPPORTED, why);
}
