// Lets an exception out of init.
#include <stdexcept>

#include "retort/plugin.h"

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host*, retort_registrar*) {
  throw std::runtime_error("the kettle is empty");
}
