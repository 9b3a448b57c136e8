/* Has the version but no init function. */
#include <stdint.h>

__attribute__((visibility("default"))) extern const uint32_t retort_plugin_abi_version;
const uint32_t retort_plugin_abi_version = 1;
