// Ctrl-C while a model decodes.
#include <gtest/gtest.h>

#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

TEST(Interrupt, WhatIsInFlightIsFinishedAndWhatIsWrittenIsWhole_slow) {
  PipelineFolder folder;
  std::string lines;
  for (int i = 0; i < 4000; ++i) lines += Json{{"id", std::to_string(i)}, {"prompt", "the thing and"}}.dump() + "\n";
  folder.Input(lines);
  const Finished finished = RunShell("\"$RETORT\" run '" + SourceFolder() +
                                         "/pipelines/speculative.yaml' --json --quiet -s input=in.jsonl "
                                         "-s output=out.jsonl -s model=tiny.gguf -s max_tokens=100 & pid=$!\n"
                                         "for i in $(seq 100); do [ -s out.jsonl.part ] && break; sleep 0.1; done; "
                                         "kill -INT $pid; wait $pid; echo exit $?",
                                     folder.folder().path());
  ASSERT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
  const Json summary = Json::parse(finished.out.substr(0, finished.out.rfind("exit ")));
  EXPECT_EQ(summary["status"], "cancelled");
  const auto written = JsonLines(folder.folder().Read("out.jsonl"));
  EXPECT_GT(written.size(), 0u);
  EXPECT_LT(written.size(), 4000u);
  const Json& records = summary["records"];
  EXPECT_EQ(records["completed"], written.size());
  EXPECT_EQ(records["admitted"], written.size() + records["not_begun"].get<size_t>());
  EXPECT_EQ(records["cancelled"], records["not_begun"]);
  for (const Json& record : written) EXPECT_TRUE(record.contains("completion")) << record;
}

}  // namespace
}  // namespace retort::testing
