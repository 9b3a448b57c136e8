/* A whole plugin in plain C: a source of numbered records, and a stage that measures a field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retort/plugin.h"

static const retort_host* host;

static retort_string Text(const char* text) {
  const retort_string view = {text, strlen(text)};
  return view;
}

/* ---- c-numbers: makes `count` records {"number": 0}, ... ------------------------------------------------------ */

struct numbers {
  int64_t next, count;
};

static retort_code NumbersCreate(void* user_data, const retort_config* config, void** instance) {
  struct numbers* const numbers = calloc(1, sizeof *numbers);
  (void)user_data;
  if (numbers == NULL) return host->set_error(RETORT_RESOURCE_EXHAUSTED, Text("no memory for the counter"));
  if (host->config_int(config, Text("count"), &numbers->count) != RETORT_OK) {
    const retort_code code = host->set_error(RETORT_INTERNAL, host->last_error());
    free(numbers);
    return code;
  }
  *instance = numbers;
  return RETORT_OK;
}

static retort_code NumbersProcess(void* instance, retort_context* context, retort_record* const* records,
                                  size_t count) {
  struct numbers* const numbers = instance;
  (void)records;
  for (; count > 0 && numbers->next < numbers->count; --count, ++numbers->next) {
    char line[64];
    retort_record* record = NULL;
    retort_code code;
    snprintf(line, sizeof line, "{\"number\": %lld}", (long long)numbers->next);
    code = host->context_create_record(context, Text(line), (uint64_t)numbers->next + 1, &record);
    if (code == RETORT_OK && record != NULL) code = host->context_emit(context, 0, record);
    if (code != RETORT_OK) return code;
  }
  return numbers->next < numbers->count ? RETORT_OK : RETORT_END;
}

/* ---- c-measure: writes the length of a field into `length` ---------------------------------------------------- */

struct measure {
  char field[64];
};

static retort_code MeasureCreate(void* user_data, const retort_config* config, void** instance) {
  struct measure* const measure = calloc(1, sizeof *measure);
  retort_string field = {NULL, 0};
  (void)user_data;
  if (measure == NULL) return host->set_error(RETORT_RESOURCE_EXHAUSTED, Text("no memory for the options"));
  if (host->config_string(config, Text("field"), &field) != RETORT_OK || field.length >= sizeof measure->field) {
    free(measure);
    return host->set_error(RETORT_INVALID_ARGUMENT, Text("field: expected at most 63 bytes"));
  }
  memcpy(measure->field, field.data, field.length);
  *instance = measure;
  return RETORT_OK;
}

static retort_code MeasureProcess(void* instance, retort_context* context, retort_record* const* records,
                                  size_t count) {
  const struct measure* const measure = instance;
  size_t i;
  for (i = 0; i < count; ++i) {
    retort_string value;
    char length[32];
    retort_code code = host->record_get_string(records[i], Text(measure->field), &value);
    if (code != RETORT_OK) {
      code = host->context_fail(context, records[i], code, host->last_error());
    } else {
      snprintf(length, sizeof length, "%lu", (unsigned long)value.length);
      code = host->record_set_json(records[i], Text("length"), Text(length));
      if (code == RETORT_OK) code = host->context_emit(context, 0, records[i]);
    }
    if (code != RETORT_OK) return code;
  }
  host->metric_count(context, Text("measured"), (double)count);
  return RETORT_OK;
}

static const retort_stage_functions numbers_functions = {
    .size = sizeof numbers_functions, .create = NumbersCreate, .process = NumbersProcess, .destroy = free};
static const retort_stage_functions measure_functions = {
    .size = sizeof measure_functions, .create = MeasureCreate, .process = MeasureProcess, .destroy = free};

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;

retort_code retort_plugin_init(const retort_host* table, retort_registrar* registrar) {
  const retort_port_spec in = {sizeof in, 0, Text("in"), Text("record"), Text("Records with the field.")};
  const retort_port_spec out = {sizeof out, 0, Text("out"), Text("record"), Text("The records.")};
  const retort_option_spec count = {sizeof count,
                                    RETORT_OPTION_INT,
                                    Text("count"),
                                    Text("Records to make."),
                                    Text("records"),
                                    Text("3"),
                                    Text("10"),
                                    0,
                                    0,
                                    0.0,
                                    1e6,
                                    NULL,
                                    0};
  const retort_option_spec field = {sizeof field,
                                    RETORT_OPTION_STRING,
                                    Text("field"),
                                    Text("Field to measure."),
                                    Text(""),
                                    Text(""),
                                    Text("prompt"),
                                    1,
                                    0,
                                    0.0,
                                    0.0,
                                    NULL,
                                    0};
  retort_stage_spec spec;
  retort_code code;
  host = table;
  memset(&spec, 0, sizeof spec);
  spec.size = sizeof spec;
  spec.name = Text("c-numbers");
  spec.summary = Text("Make numbered records.");
  spec.outputs = &out;
  spec.output_count = 1;
  spec.options = &count;
  spec.option_count = 1;
  spec.functions = &numbers_functions;
  code = registrar->register_stage(registrar, &spec);
  if (code != RETORT_OK) return code;
  spec.name = Text("c-measure");
  spec.summary = Text("Measure a field.");
  spec.inputs = &in;
  spec.input_count = 1;
  spec.options = &field;
  spec.functions = &measure_functions;
  return registrar->register_stage(registrar, &spec);
}
