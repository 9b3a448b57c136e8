/* Runs one stage of a plugin alone, for its author's tests: no engine, no weights, records as JSON text. Plain C; in
 * C++ include <retort/testing.h>. Link retort::testing of find_package(retort).
 *
 *   retort_runner* runner = retort_runner_new();
 *   retort_runner_load(runner, "my_stage.so");
 *   retort_runner_create(runner, "my-stage", "{ field: text }");
 *   const char* records[] = {"{\"id\": \"a\", \"text\": \"hi\"}"};
 *   retort_runner_process(runner, records, 1);
 *   puts(retort_runner_record(runner, RETORT_RUNNER_EMITTED, "out", 0));
 *   retort_runner_free(runner);
 *
 * Functions return a retort_code; retort_runner_error then tells why. Texts are UTF-8, NUL-terminated, and live as long
 * as the runner. Not thread-safe. A wrong port, index or sequence of calls ends the program with a message: it is a
 * mistake of the test.
 */
#ifndef RETORT_STAGE_RUNNER_H_
#define RETORT_STAGE_RUNNER_H_

#include "retort/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct retort_runner retort_runner;

/* Where a stage may give a record to. */
typedef int32_t retort_runner_outcome;
enum {
  RETORT_RUNNER_EMITTED = 1, /* to the output named `port` */
  RETORT_RUNNER_COMPLETED = 2,
  RETORT_RUNNER_FAILED = 3, /* also what a failed or forgetful call left behind */
  RETORT_RUNNER_SKIPPED = 4
};

RETORT_EXPORT retort_runner* retort_runner_new(void);
RETORT_EXPORT void retort_runner_free(retort_runner*);
/* Why the last call failed; "" where it did not. */
RETORT_EXPORT const char* retort_runner_error(const retort_runner*);

/* Load a plugin file. Errors: those of `retort list`'s refusals. */
RETORT_EXPORT retort_code retort_runner_load(retort_runner*, const char* plugin);
/* Take a plugin that is linked into the test, by its retort_plugin_init. */
RETORT_EXPORT retort_code retort_runner_link(retort_runner*,
                                             retort_code (*init)(const retort_host*, retort_registrar*));

/* A model that MODEL options may name. `source`: as under `models:` of a pipeline; null for one without weights, whose
 * tokens are the letters a to z and the space, each followed by the next in this order, the space by the end. */
RETORT_EXPORT retort_code retort_runner_add_model(retort_runner*, const char* name, const char* source);
/* From now on a record comes with a sequence of its field `prompt` begun in this model, as from the stage `prompt`. */
RETORT_EXPORT retort_code retort_runner_begin_sequences(retort_runner*, const char* model);

/* Check the options, create the stage and open it. `options`: the YAML or JSON map that stands under `with:`; null for
 * none. Once. */
RETORT_EXPORT retort_code retort_runner_create(retort_runner*, const char* stage, const char* options);
/* One call of the stage with these records, one JSON object each. An error of the stage is returned, and fails the
 * records not given away. */
RETORT_EXPORT retort_code retort_runner_process(retort_runner*, const char* const* records, size_t count);
/* One call of a source, which may make `want` records. *more 0: it has no more. */
RETORT_EXPORT retort_code retort_runner_produce(retort_runner*, size_t want, int32_t* more);
/* The next calls are told that the run is being stopped (context_cancelled). */
RETORT_EXPORT void retort_runner_cancel(retort_runner*);
RETORT_EXPORT retort_code retort_runner_close(retort_runner*, int32_t cut_short);

/* What became of the records of all calls so far, in the order in which the stage gave them away. `port` is that of
 * EMITTED and else ignored. */
RETORT_EXPORT size_t retort_runner_count(const retort_runner*, retort_runner_outcome, const char* port);
/* The record's JSON, without spaces, fields in order. */
RETORT_EXPORT const char* retort_runner_record(retort_runner*, retort_runner_outcome, const char* port, size_t index);
/* Why it was FAILED ("not_found: ...") or SKIPPED. */
RETORT_EXPORT const char* retort_runner_reason(retort_runner*, retort_runner_outcome, size_t index);
/* Forget where records went; metrics stay. */
RETORT_EXPORT void retort_runner_clear(retort_runner*);

/* What metric_count added up; 0 where it was never called. */
RETORT_EXPORT double retort_runner_counter(const retort_runner*, const char* name);
/* What metric_sample was given, in order; *count says how many. */
RETORT_EXPORT const double* retort_runner_samples(const retort_runner*, const char* name, size_t* count);

#ifdef __cplusplus
}
#endif
#endif /* RETORT_STAGE_RUNNER_H_ */
