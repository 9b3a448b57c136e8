/* Parts of a stage that is all right, for canaries that are wrong in one place. */
#ifndef TESTS_PLUGIN_CANARIES_REGISTERING_H_
#define TESTS_PLUGIN_CANARIES_REGISTERING_H_

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "retort/plugin.h"

static inline retort_string Text(const char* text) {
  const retort_string view = {text, strlen(text)};
  return view;
}

static inline retort_code CreateNothing(void* user_data, const retort_config* config, void** instance) {
  (void)config;
  *instance = user_data;
  return RETORT_OK;
}

static inline retort_code ProcessNothing(void* instance, retort_context* context, retort_record* const* records,
                                         size_t count) {
  (void)instance, (void)context, (void)records, (void)count;
  return RETORT_OK;
}

static inline void DestroyNothing(void* instance) { (void)instance; }

/* Register a sink named `name` with one option, `fields`, an INT with this default and the range 1 to 10. */
static inline retort_code RegisterSink(retort_registrar* registrar, const char* name, const char* default_value,
                                       uint32_t spec_size) {
  static retort_stage_functions functions;
  const retort_port_spec input = {sizeof input, 0, Text("in"), Text("record"), Text("Anything.")};
  retort_option_spec option = {sizeof option,
                               RETORT_OPTION_INT,
                               Text("fields"),
                               Text("How many."),
                               Text("fields"),
                               Text(default_value),
                               Text("2"),
                               0,
                               0,
                               1.0,
                               10.0,
                               NULL,
                               0};
  retort_stage_spec spec;
  memset(&spec, 0, sizeof spec);
  functions.size = sizeof functions;
  functions.create = CreateNothing;
  functions.process = ProcessNothing;
  functions.destroy = DestroyNothing;
  spec.size = spec_size;
  spec.name = Text(name);
  spec.summary = Text("A canary.");
  spec.inputs = &input;
  spec.input_count = 1;
  spec.options = &option;
  spec.option_count = 1;
  spec.functions = &functions;
  return registrar->register_stage(registrar, &spec);
}

#endif /* TESTS_PLUGIN_CANARIES_REGISTERING_H_ */
