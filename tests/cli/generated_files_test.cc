// Committed files that the program writes are the ones that it writes now.
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

TEST(SchemaFile, EqualsTheGeneratedOne) {
  const std::string committed = ReadFile(SourceFolder() + "/schemas/pipeline.schema.json");
  const Finished generated = RunRetort({"schema"}, "", "", {{"RETORT_PLUGIN_PATH", ""}});
  EXPECT_EQ(generated.exit_code, 0) << generated.err;
  EXPECT_TRUE(committed == generated.out) << "write it anew: retort schema --output schemas/pipeline.schema.json";
}

TEST(ReferenceFile, EqualsTheGeneratedOne) {
  const std::string committed = ReadFile(SourceFolder() + "/pipelines/REFERENCE.md");
  const Finished generated = RunRetort({"reference"}, "", "", {{"RETORT_PLUGIN_PATH", ""}});
  EXPECT_EQ(generated.exit_code, 0) << generated.err;
  EXPECT_TRUE(committed == generated.out) << "write it anew: retort reference --output pipelines/REFERENCE.md";
}

TEST(PictureFile, EqualsTheGeneratedOne) {
  const std::string committed = ReadFile(SourceFolder() + "/pipelines/speculative.svg");
  const Finished generated =
      RunRetort({"graph", "pipelines/speculative.yaml"}, "", SourceFolder(), {{"RETORT_PLUGIN_PATH", ""}});
  EXPECT_EQ(generated.exit_code, 0) << generated.err;
  EXPECT_TRUE(committed == generated.out)
      << "write it anew: retort graph pipelines/speculative.yaml --output pipelines/speculative.svg";
}

TEST(SchemaFile, IsWrittenWhereAsked) {
  const TemporaryFolder folder;
  EXPECT_EQ(RunRetort({"schema", "--output", "s.json"}, "", folder.path()).exit_code, 0);
  EXPECT_EQ(folder.Read("s.json"), RunRetort({"schema"}).out);
  EXPECT_EQ(RunRetort({"schema", "--output", "no/such/s.json"}, "", folder.path()).exit_code, 2);
}

}  // namespace
}  // namespace retort::testing
