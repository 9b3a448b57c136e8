/* Crashes in a constructor, before any symbol can be read. */
#include <signal.h>
#include <stdint.h>

__attribute__((visibility("default"))) extern const uint32_t retort_plugin_abi_version;
const uint32_t retort_plugin_abi_version = 1;

__attribute__((constructor)) static void Crash(void) { raise(SIGSEGV); }
