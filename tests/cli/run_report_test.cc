// `retort run --report` and `--explain`: what they say of a run, and that nothing of a record becomes markup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Reads the page as XML, which HTML that a browser has to guess at is not.
constexpr const char* kParse = "python3 -c \"import sys, xml.dom.minidom as m; m.parse(sys.argv[1])\" ";

class RunReport : public ::testing::Test {
 protected:
  RunReport() { WriteTinyModel(folder_.path() + "/tiny.gguf"); }
  Finished Speculate(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"run",    SourceFolder() + "/pipelines/speculative.yaml",
                                          "-s",     "model=tiny.gguf",
                                          "-s",     "input=in.jsonl",
                                          "-s",     "length=fixed",
                                          "-s",     "max_tokens=24",
                                          "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunRetort(arguments, "", folder_.path(), environment_);
  }
  void ExpectXml(const std::string& file) {
    const Finished parsed = RunShell(kParse + file, folder_.path());
    EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
  }
  TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(RunReport, HoldsTheFiguresOfTheRun) {
  folder_.Write("in.jsonl", R"({"id":"one","kind":"echo","prompt":"the thing and the thing and the"})"
                            "\n");
  const Finished finished = Speculate({"--report", "page.html", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  ExpectXml("page.html");
  const std::string page = folder_.Read("page.html");
  const auto figures = nlohmann::json::parse(finished.out)["speculation"]["verify"];
  EXPECT_THAT(page, HasSubstr("mean acceptance length"));
  EXPECT_THAT(page, HasSubstr(">" + std::to_string(figures["draft_tokens"].get<int>()) + "</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">echo</th>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">prompt-lookup</th>"));
  EXPECT_THAT(page, HasSubstr("<h3>one (echo)</h3>"));
  EXPECT_THAT(page, HasSubstr("tiny.gguf"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("src="))) << "the page needs nothing else";
  EXPECT_THAT(page, Not(HasSubstr("href=")));
}

TEST_F(RunReport, NothingOfARecordIsMarkup) {
  folder_.Write("in.jsonl",
                "{\"id\":\"<script>alert(1)</script>\",\"kind\":\"\\\"><img src=x onerror='a'>\",\"prompt\":\"a "
                "<b>&amp;\\u0000\\u001b[31m "
                "the thing and the thing\"}\n"
                "{\"id\":\"</style>\",\"prompt\":7}\n"
                "<script>alert('\xFF\xFE')</script>\n");
  const Finished finished = Speculate({"--report", "page.html"});
  EXPECT_EQ(finished.exit_code, 1);
  ExpectXml("page.html");
  const std::string page = folder_.Read("page.html");
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, HasSubstr("&quot;&gt;&lt;img src=x onerror=&#39;a&#39;&gt;"));
  EXPECT_THAT(page, HasSubstr("2 records failed"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_EQ(page.find('\033'), std::string::npos);
}

TEST_F(RunReport, ARunWithoutAModelHasOneToo) {
  folder_.Write("p.yaml", kCopy);
  folder_.Write("in.jsonl", "{\"id\":\"a\"}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet", "--report", "page.html"}, "", folder_.path());
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  ExpectXml("page.html");
  EXPECT_THAT(folder_.Read("page.html"), Not(HasSubstr("Speculation")));
}

TEST_F(RunReport, APageThatCannotBeWrittenIsAnError) {
  folder_.Write("p.yaml", kCopy);
  folder_.Write("in.jsonl", "{\"id\":\"a\"}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet", "--report", "no/page.html"}, "", folder_.path());
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("--report: "));
}

TEST_F(RunReport, ExplainsARecordsTextByWhoWroteIt) {
  folder_.Write("in.jsonl", R"({"id":"one","prompt":"the thing and the thing and the"})"
                            "\n");
  const Finished json = Speculate({"--explain", "one", "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const auto summary = nlohmann::json::parse(json.out);
  size_t by_target = 0, by_drafter = 0, rejected = 0;
  for (const auto& step : summary["explained"]["steps"]) {
    rejected += step["rejected_tokens"].get<size_t>();
    for (const auto& piece : step["pieces"])
      (piece["drafter"].is_null() ? by_target : by_drafter) += piece["tokens"].get<size_t>();
  }
  const auto figures = summary["speculation"]["verify"];
  EXPECT_EQ(by_target + by_drafter, summary["tokens"]);
  EXPECT_EQ(by_drafter, figures["accepted_tokens"]);
  EXPECT_EQ(by_drafter + rejected, figures["draft_tokens"]);
  EXPECT_GT(by_drafter, 0u) << "the prompt repeats itself";
}

TEST_F(RunReport, ColoursAreForThoseWhoWantThem) {
  folder_.Write("in.jsonl", R"({"id":"one","prompt":"the thing and the thing and the"})"
                            "\n");
  EXPECT_THAT(Speculate({"--explain", "one"}).out, HasSubstr("[1:prompt-lookup]")) << "no terminal";
  environment_ = {{"CLICOLOR_FORCE", "1"}};
  EXPECT_THAT(Speculate({"--explain", "one"}).out, HasSubstr("\033[32mprompt-lookup\033[0m"));
  environment_["NO_COLOR"] = "1";
  EXPECT_THAT(Speculate({"--explain", "one"}).out, Not(HasSubstr("\033")));
}

TEST_F(RunReport, ARecordThatIsNotThereIsSaidToBe) {
  folder_.Write("in.jsonl", R"({"id":"one","prompt":"the"})"
                            "\n");
  const Finished finished = Speculate({"--explain", "two"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("--explain two: no sequence of a record with this id"));
}

}  // namespace
}  // namespace retort::testing
