/* The stage my-stage: keeps the first words of a text field. */
#include <retort/plugin.h>
#include <stdlib.h>
#include <string.h>

static const retort_host* host;

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static retort_string Text(const char* text) { return (retort_string){text, strlen(text)}; }

struct my_stage {
  char field[64];
  int64_t max_words;
  int skip_missing;
};

static int IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The beginning of `text` with at most `count` words, which white space parts. */
static retort_string FirstWords(retort_string text, int64_t count) {
  size_t end = 0;
  for (; count > 0; --count) {
    size_t word = end;
    while (word < text.length && IsSpace(text.data[word])) ++word;
    if (word == text.length) return text;
    for (end = word; end < text.length && !IsSpace(text.data[end]);) ++end;
  }
  text.length = end;
  return text;
}

/* The options have been checked against their descriptions below. */
static retort_code Configure(struct my_stage* stage, const retort_config* config) {
  retort_string field, when_missing;
  retort_code code = host->config_string(config, Text("field"), &field);
  if (code == RETORT_OK) code = host->config_int(config, Text("max_words"), &stage->max_words);
  if (code == RETORT_OK) code = host->config_string(config, Text("when_missing"), &when_missing);
  if (code != RETORT_OK) return code;
  if (field.length >= sizeof stage->field)
    return host->set_error(RETORT_INVALID_ARGUMENT, Text("field: expected at most 63 bytes"));
  memcpy(stage->field, field.data, field.length);
  stage->skip_missing = when_missing.data[0] == 's';
  return RETORT_OK;
}

static retort_code Create(void* user_data, const retort_config* config, void** instance) {
  struct my_stage* const stage = calloc(1, sizeof *stage);
  (void)user_data;
  if (stage == NULL) return host->set_error(RETORT_RESOURCE_EXHAUSTED, Text("no memory left"));
  const retort_code code = Configure(stage, config);
  if (code == RETORT_OK) *instance = stage;
  if (code != RETORT_OK) free(stage);
  return code;
}

static retort_code ProcessOne(const struct my_stage* stage, retort_context* context, retort_record* record) {
  const retort_string field = Text(stage->field);
  retort_string text;
  retort_code code = host->record_get_string(record, field, &text);
  if (code != RETORT_OK) {
    if (stage->skip_missing) return host->context_skip(context, record, Text("no text in the field"));
    return host->context_fail(context, record, code, host->last_error());
  }
  const retort_string kept = FirstWords(text, stage->max_words);
  if (kept.length < text.length) {
    host->metric_count(context, Text("texts_cut"), 1);
    code = host->record_set_string(record, field, kept);
  }
  return code == RETORT_OK ? host->context_emit(context, 0, record) : code;
}

/* Each record goes to exactly one of emit, complete, fail and skip. */
static retort_code Process(void* instance, retort_context* context, retort_record* const* records, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const retort_code code = ProcessOne(instance, context, records[i]);
    if (code != RETORT_OK) return code;
  }
  return RETORT_OK;
}

/* ---- what `describe`, `lint`, editors and the docs know of the stage ------------------------------------------ */

static const retort_port_spec input = {
    .size = sizeof input, .name = TEXT("in"), .payload = TEXT("record"), .text = TEXT("Records with the field.")};
static const retort_port_spec output = {.size = sizeof output,
                                        .name = TEXT("out"),
                                        .payload = TEXT("record"),
                                        .text = TEXT("The same records, the text cut.")};
static const retort_string when_missing[] = {TEXT("fail"), TEXT("skip")};
static const retort_option_spec options[] = {
    {.size = sizeof options[0],
     .type = RETORT_OPTION_STRING,
     .name = TEXT("field"),
     .text = TEXT("The field to cut."),
     .default_value = TEXT("text")},
    {.size = sizeof options[0],
     .type = RETORT_OPTION_INT,
     .name = TEXT("max_words"),
     .text = TEXT("Words kept."),
     .unit = TEXT("words"),
     .default_value = TEXT("32"),
     .minimum = 1,
     .maximum = 1e6},
    {.size = sizeof options[0],
     .type = RETORT_OPTION_ENUM,
     .name = TEXT("when_missing"),
     .text = TEXT("What becomes of a record without the field."),
     .default_value = TEXT("fail"),
     .choices = when_missing,
     .choice_count = 2},
};
static const retort_stage_functions functions = {
    .size = sizeof functions, .create = Create, .process = Process, .destroy = free};
static const retort_stage_spec stage = {.size = sizeof stage,
                                        .name = TEXT("my-stage"),
                                        .summary = TEXT("Keep the first words of a text field."),
                                        .example = TEXT("{ field: prompt, max_words: 8 }"),
                                        .inputs = &input,
                                        .input_count = 1,
                                        .outputs = &output,
                                        .output_count = 1,
                                        .options = options,
                                        .option_count = sizeof options / sizeof options[0],
                                        .default_max_batch = 64,
                                        .functions = &functions};

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;

retort_code retort_plugin_init(const retort_host* table, retort_registrar* registrar) {
  host = table;
  return registrar->register_stage(registrar, &stage);
}
