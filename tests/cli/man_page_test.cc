#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

TEST(ManPage, HasTheSectionsOfAManPage) {
  const Finished run = RunRetort({"man", "run"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  size_t last = 0;
  for (const char* part :
       {".TH RETORT\\-RUN 1 ", ".SH NAME\nretort\\-run \\- Run a pipeline\n",
        ".SH SYNOPSIS\n\\fBretort run\\fR [\\fIOPTIONS\\fR] \\fIPIPELINE\\fR\n", ".SH DESCRIPTION\n", ".SH ARGUMENTS\n",
        ".SH OPTIONS\n", "\\fB\\-s\\fR, \\fB\\-\\-set\\fR \\fINAME=VALUE\\fR ...\n", ".SH EXIT STATUS\n0 done, ",
        ".SH EXAMPLES\n.nf\nretort run pipelines/speculative.yaml", ".SH SEE ALSO\n\\fBretort\\fR(1)\n"}) {
    const size_t at = run.out.find(part, last);
    ASSERT_NE(at, std::string::npos) << part << "\n" << run.out;
    last = at;
  }
  const std::string root = RunRetort({"man"}).out;
  for (const char* part : {".SH COMMANDS\n", ".SH ENVIRONMENT\n", "\\fBNO_COLOR\\fR", "\\fBretort\\-models\\fR(1)"})
    EXPECT_THAT(root, HasSubstr(part));
  EXPECT_THAT(RunRetort({"man", "models", "quantize"}).out, HasSubstr("One of f32, f16, bf16, q8_0"));
}

TEST(ManPage, UnknownCommandsNameTheNearest) {
  const Finished unknown = RunRetort({"man", "models", "quantise"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("error: retort models has no command `quantise`\n  did you mean `quantize`?"));
}

TEST(ManPage, EveryPageIsCleanToRoff) {
  const TemporaryFolder folder;
  const Finished written = RunRetort({"man", "--all", folder.path() + "/man1"});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const Finished pages = RunShell("ls man1", folder.path());
  EXPECT_THAT(pages.out, HasSubstr("retort-models-quantize.1\n"));
  const Finished requests = RunShell("grep -hE \"^['.]\" man1/* | grep -vE '^[.](TH|SH|TP|nf|fi)( |$)'", folder.path());
  EXPECT_EQ(requests.out, "") << "no text begins as a request";
  if (RunShell("command -v groff && groff -man -z /dev/null").exit_code != 0) GTEST_SKIP() << "groff is not installed";
  const Finished read =
      RunShell("for p in man1/*; do groff -man -ww -z -Tutf8 -K utf8 $p || exit 1; done", folder.path());
  EXPECT_EQ(read.exit_code, 0);
  EXPECT_EQ(read.err, "");
  const Finished shown = RunShell("groff -man -Tascii -P-c -P-b -P-u man1/retort-describe.1", folder.path());
  EXPECT_THAT(shown.out, HasSubstr("retort describe verify --format markdown"));
}

}  // namespace
}  // namespace retort::testing
