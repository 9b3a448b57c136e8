// Tests of pipelines, read and run. Stages are descriptors without functions: what is run is what stands in for them.
#include "core/graph/testing/run_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/testing/junit.h"
#include "tests/graph/sample_stages.h"
#include "tests/support/replaced.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;
using testing::Replaced;

constexpr const char* kPipeline = R"(retort: 1
variables: { input: , output: }
models:
  target: { source: no-such-model }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  prompt: { uses: prompt, with: { model: target } }
  draft: { uses: draft, with: { max_tokens: 4 } }
  verify: { uses: verify, with: { model: target } }
  write: { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
tests:
  t:
    input: [{ id: a, n: 1 }, { id: b, n: 2, deep: { list: [1, 2] } }, { id: c, n: 3 }]
    mocks:
      prompt:
      draft: { set: { drafted: true } }
      verify:
        - { when: { n: { at_least: 3 } }, skip: too large }
        - { when: { /deep/list: { length: 2 } }, set: { /deep/list/0: x, /new/field: [1] }, remove: [n, /deep/list/1], emit: done }
        - { emit: done, set: { completion: hi } }
)";

class PipelineTests : public ::testing::Test {
 protected:
  LoadedPipeline Load(const std::string& text) {
    LoadOptions options;
    options.allow_unset_variables = true;
    return LoadPipeline(SourceText("p.yaml", text), registry_, options);
  }
  /// The failures of the one test of `kPipeline` with these lines after it.
  std::string Run(const std::string& more) { return RunText(kPipeline + more); }
  std::string RunText(const std::string& text) {
    const LoadedPipeline loaded = Load(text);
    EXPECT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
    std::string out;
    for (const TestCase& test : loaded.description.tests) {
      for (const TestFailure& failure : RunTest(loaded.source, registry_, {}, test, folder_.path()).failures)
        out += FailureText("p", failure);
    }
    return out;
  }
  /// "line:column: message" of the faults that the lines bring.
  std::string Faults(const std::string& more) {
    std::string out;
    for (const Diagnostic& fault : Load(kPipeline + more).diagnostics) {
      if (fault.severity == Severity::kError)
        out +=
            std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) + ": " + fault.message + "\n";
    }
    return out;
  }
  const testing::TemporaryFolder folder_;
  const Registry registry_ = testing::MakeSampleRegistry();
};

TEST_F(PipelineTests, WhatMocksDoReachesTheLastStage) {
  EXPECT_EQ(Run(R"(    expect:
      output:
        - { id: a, n: 1, drafted: true, completion: hi, new: { exists: false } }
        - { id: b, n: { exists: false }, deep: { equals: { list: [x] } }, /new/field/0: 1 }
      each: { drafted: true }
      count: 2
      skipped: 1
      failed: []
      stages:
        draft: { records_in: 3, records_out: 3, failed: 0, calls: { at_least: 1 } }
        verify: { "skipped: too large": 1 }
)"),
            "");
}

TEST_F(PipelineTests, EveryExpectationCanFail) {
  EXPECT_EQ(Run("    expect: { output: [{ id: a }, { id: c, deep: { length: 3 } }] }\n"),
            "p:27:37: failure: output: record 2 (`b`): `/id`\n  expected: \"c\"\n    actual: \"b\"\n"
            "p:27:44: failure: output: record 2 (`b`): `/deep`\n  expected: a length of 3\n"
            "    actual: {\"list\":[\"x\"]}, of length 1\n");
  EXPECT_EQ(Run("    expect: { output: [] }\n"),
            "p:27:23: failure: output\n  expected: 0 records\n    actual: 2: record 1 (`a`), record 2 (`b`)\n");
  EXPECT_EQ(Run("    expect: { each: { n: 1 } }\n"),
            "p:27:23: failure: record 2 (`b`): `/n`\n  expected: 1\n    actual: nothing\n");
  EXPECT_EQ(Run("    expect: { count: { less_than: 2 } }\n"),
            "p:27:15: failure: records that reach last stages\n  expected: less than 2\n    actual: 2\n");
  EXPECT_EQ(Run("    expect: { skipped: 0 }\n"),
            "p:27:15: failure: records that are skipped\n  expected: 0\n    actual: 1\n");
  EXPECT_EQ(Run("    expect: { stages: { verify: { records_in: 2 } } }\n"),
            "p:27:35: failure: stage `verify`: `/records_in`\n  expected: 2\n    actual: 3\n");
  EXPECT_EQ(Run("    expect: { failed: [{ id: a }] }\n"),
            "p:27:23: failure: failed\n  expected: 1 records\n    actual: 0\n");
}

TEST_F(PipelineTests, FailedRecordsAreExpectedOrAFailure) {
  std::string text = kPipeline;
  text = Replaced(text, "[{ id: a, n: 1 }", "['no json', { id: a, n: 1 }");
  text = Replaced(text, "skip: too large", "fail: out of luck");
  EXPECT_EQ(RunText(text + R"(    expect:
      failed:
        - { line: 1, stage: read, code: invalid_argument, message: { contains: not JSON } }
        - { id: c, stage: verify, message: { ends_with: luck }, /record/n: 3 }
)"),
            "");
  const std::string unexpected = RunText(text + "    expect: { count: 2 }\n");
  EXPECT_THAT(unexpected, HasSubstr("p:27:5: failure: record `1` failed at stage `read`\n"));
  EXPECT_THAT(unexpected, HasSubstr("record `c` failed at stage `verify`\n  expected: no failed records"));
}

TEST_F(PipelineTests, ARecordWithoutAnAnswerFails) {
  std::string text = kPipeline;
  text = Replaced(text, "        - { emit: done, set: { completion: hi } }\n", "");
  EXPECT_THAT(RunText(text + "    expect: { count: 2 }\n"), HasSubstr("the mock has no answer for this record"));
}

TEST_F(PipelineTests, WhatIsRunNeedsItsValuesAndRecords) {
  std::string text = kPipeline;
  text = Replaced(text, "      draft: { set: { drafted: true } }\n", "");
  EXPECT_THAT(RunText(text + "    expect: { count: 2 }\n"),
              HasSubstr("stage `draft` receives `sequence` from `prompt`, which is not run"));
  text = kPipeline;
  text = Replaced(text, "    input: ", "    # input: ");
  EXPECT_THAT(RunText(text + "    expect: { count: 0 }\n"),
              HasSubstr("stage `read` has options whose variables have no value\n  expected: values under `set:`"));
  text = Replaced(text, "  t:\n", "  t:\n    set: { input: \"\", stages.draft.with.max_tokens: 99 }\n");
  EXPECT_THAT(RunText(text + "    expect: { count: 0 }\n"), HasSubstr("`max_tokens` is `99`, which is out of range"));
}

TEST_F(PipelineTests, ATestMayBeOfAProfile) {
  std::string text = kPipeline;
  text = Replaced(text, "tests:\n", R"(profiles:
  short:
    stages: { out: { uses: write-jsonl, with: { path: x } } }
    edges: [read -> prompt, prompt -> draft, draft -> verify, "verify.continue -> write", "verify.done -> out"]
tests:
)");
  text = Replaced(text, "  t:\n", "  t:\n    profiles: short\n");
  EXPECT_EQ(RunText(text + "    expect: { output: { out: [{ id: a }, { id: b }], write: [] } }\n"), "");
}

TEST_F(PipelineTests, FaultsOfTestsAreFoundWithTheirPlaces) {
  EXPECT_EQ(Faults("    expects: { count: 2 }\n"),
            "18:3: test `t` expects nothing\n27:5: test `t`: there is no `expects` here\n");
  EXPECT_EQ(Faults("    expect: {}\n"), "27:5: test `t` expects nothing\n");
  EXPECT_EQ(Faults("    expect: { outputs: [] }\n"), "27:15: test `t`: `expect`: there is no `outputs` here\n");
  EXPECT_EQ(Faults("    expect: { output: { read: [] } }\n"),
            "27:25: test `t`: `output`: stage `read` is no last stage\n");
  EXPECT_EQ(Faults("    expect: { output: 3 }\n"), "27:23: test `t`: `output` is `3`\n");
  EXPECT_EQ(Faults("    expect: { stages: { verfy: { calls: 1 } } }\n"),
            "27:25: test `t`: `stages`: the pipeline has no stage `verfy`\n");
  EXPECT_EQ(Faults("    expect: { each: { '/a~2': 1 } }\n"), "27:23: test `t`: `each`: `/a~2` is no JSON pointer\n");
  EXPECT_EQ(Faults("    expect: { count: 2 }\n  u: { mocks: { read: , write: , verify: { emit: don } }, expect: { "
                   "count: 1 } }\n"),
            "28:17: test `u`: stage `read` is a source\n"
            "28:25: test `u`: nothing follows stage `write`, so it is never run in a test\n"
            "28:50: test `u`: the mock of `verify`: the stage has no output `don`\n");
  EXPECT_EQ(Faults("    expect: { count: 2 }\n  u: { mocks: { verify: { set: { a: 1 } } }, expect: { count: 1 } }\n"),
            "28:25: test `u`: the mock of `verify` does not say where the record goes\n");
  EXPECT_EQ(
      Faults("    expect: { count: 2 }\n  u: { mocks: { verify: { fail: a, skip: b } }, expect: { count: 1 } }\n"),
      "28:36: test `u`: the mock of `verify`: a record goes one way, but here is `skip` as well\n");
  EXPECT_EQ(
      Faults(
          "    expect: { count: 2 }\n  u: { input: { write: [], red: [] }, set: { a: [1] }, expect: { count: 1 } }\n"),
      "28:17: test `u`: `input`: stage `write` is no source\n"
      "28:28: test `u`: `input`: the pipeline has no stage `red`\n"
      "28:49: test `u`: `set`: `a` is a list\n");
}

TEST_F(PipelineTests, JunitEscapesAndCounts) {
  const std::string xml = JunitXml(
      {{"a&b.yaml", "p<1>", {{"good", {3, 1}, {}, 0.5}, {"bad \"x\"", {4, 1}, {{{5, 2}, "<w>", "1", "2"}}, 0.25}}}});
  EXPECT_THAT(xml, HasSubstr("<testsuites tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.750\">"));
  EXPECT_THAT(xml, HasSubstr("<testcase name=\"good\" classname=\"p&lt;1&gt;\" file=\"a&amp;b.yaml\" line=\"3\""));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"&lt;w&gt;\">a&amp;b.yaml:5:2: failure: &lt;w&gt;\n  expected: 1\n"));
}

}  // namespace
}  // namespace retort
