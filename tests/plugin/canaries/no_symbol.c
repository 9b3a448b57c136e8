/* A library that is no plugin. */
__attribute__((visibility("default"))) int retort_canary_without_symbols(void);
int retort_canary_without_symbols(void) { return 1; }
