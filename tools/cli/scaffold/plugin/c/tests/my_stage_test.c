/* The stage alone: what it makes of records, what it refuses. No engine and no model are needed. */
#include <retort/stage_runner.h>
#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                              \
    }                                                                          \
  } while (0)
#define EXPECT_TEXT(expected, got)                                                             \
  do {                                                                                         \
    const char* const text = (got);                                                            \
    if (strcmp((expected), text) != 0) {                                                       \
      fprintf(stderr, "%s:%d: expected %s\n  got %s\n", __FILE__, __LINE__, (expected), text); \
      ++failures;                                                                              \
    }                                                                                          \
  } while (0)

static retort_code Make(retort_runner* runner, const char* options) {
  retort_code code = retort_runner_load(runner, PLUGIN_FILE);
  if (code == RETORT_OK) code = retort_runner_create(runner, "my-stage", options);
  return code;
}

static void KeepsTheFirstWords(retort_runner* runner) {
  const char* const records[] = {"{\"id\": \"a\", \"text\": \"one two three\"}", "{\"id\": \"b\", \"text\": \"one\"}"};
  EXPECT(Make(runner, "{ max_words: 2 }") == RETORT_OK);
  EXPECT(retort_runner_process(runner, records, 2) == RETORT_OK);
  EXPECT(retort_runner_count(runner, RETORT_RUNNER_EMITTED, "out") == 2);
  EXPECT_TEXT("{\"id\":\"a\",\"text\":\"one two\"}", retort_runner_record(runner, RETORT_RUNNER_EMITTED, "out", 0));
  EXPECT_TEXT("{\"id\":\"b\",\"text\":\"one\"}", retort_runner_record(runner, RETORT_RUNNER_EMITTED, "out", 1));
  EXPECT(retort_runner_counter(runner, "texts_cut") == 1);
}

static void FailsARecordWithoutTheFieldAndGoesOn(retort_runner* runner) {
  const char* const records[] = {"{\"id\": \"a\"}", "{\"id\": \"b\", \"prompt\": \"one\"}"};
  EXPECT(Make(runner, "{ field: prompt }") == RETORT_OK);
  EXPECT(retort_runner_process(runner, records, 2) == RETORT_OK);
  EXPECT(retort_runner_count(runner, RETORT_RUNNER_FAILED, NULL) == 1);
  EXPECT(strstr(retort_runner_reason(runner, RETORT_RUNNER_FAILED, 0), "`prompt`") != NULL);
  EXPECT(retort_runner_count(runner, RETORT_RUNNER_EMITTED, "out") == 1);
}

static void SkipsItWhereAsked(retort_runner* runner) {
  const char* const records[] = {"{\"id\": \"a\"}"};
  EXPECT(Make(runner, "{ when_missing: skip }") == RETORT_OK);
  EXPECT(retort_runner_process(runner, records, 1) == RETORT_OK);
  EXPECT(retort_runner_count(runner, RETORT_RUNNER_SKIPPED, NULL) == 1);
}

static void RefusesOptionsOutOfRange(retort_runner* runner) {
  EXPECT(Make(runner, "{ max_words: 0 }") == RETORT_INVALID_ARGUMENT);
  EXPECT(strstr(retort_runner_error(runner), "max_words") != NULL);
}

int main(void) {
  void (*const tests[])(retort_runner*) = {KeepsTheFirstWords, FailsARecordWithoutTheFieldAndGoesOn, SkipsItWhereAsked,
                                           RefusesOptionsOutOfRange};
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; ++i) {
    retort_runner* const runner = retort_runner_new();
    tests[i](runner);
    retort_runner_free(runner);
  }
  return failures == 0 ? 0 : 1;
}
