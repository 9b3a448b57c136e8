/* The library that missing_dependency.c is linked against and never finds. */
__attribute__((visibility("default"))) int retort_canary_absent(void);
int retort_canary_absent(void) { return 0; }
