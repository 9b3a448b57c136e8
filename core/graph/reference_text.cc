#include "core/graph/reference_text.h"

#include "core/graph/pipeline_keys.h"
#include "core/graph/rule.h"
#include "core/graph/stage_text.h"
#include "core/graph/testing/test_texts.h"

namespace retort {
namespace {

std::string Section(const std::string& title, const std::string& text, const std::vector<OptionSpec>& keys) {
  return "### " + title + "\n\n" + text + "\n\n" + OptionsMarkdown(keys) + "\n";
}

std::string RulesTable() {
  std::string out = "| rule | says |\n| --- | --- |\n";
  for (const RuleText& rule : AllRules())
    out += "| `" + std::string(rule.id) + "` | " + std::string(rule.text) + " |\n";
  return out;
}

}  // namespace

std::string ReferenceMarkdown(const Registry& registry) {
  std::string out =
      "# Reference\n\nWritten by `retort reference`; see [record 002](../core/design/002-pipeline-language.md) for the "
      "whole language.\n\n## The file\n\n"
      "`retort: " +
      std::to_string(kPipelineVersion) +
      "`, `name`, `include`, `variables`, `engine`, `models`, `stages`, `templates`, `edges`, `profiles`, `tests`. "
      "Every value may be "
      "`${name}`, "
      "`${name:-default}`, `${ENV:NAME}` or `${SECRET:NAME}`.\n\n";
  out += Section("engine", "How records are run.", EngineKeys());
  out += Section("models.NAME", "A language model, which stages name.", ModelKeys());
  out +=
      Section("stages.NAME",
              "Besides `uses`, which names one of the stages below, and `with`, which holds its options.", StageKeys());
  out += "### tests.NAME\n\n" + TestsMarkdown() + "\n## Stages\n\n";
  for (const StageDescriptor* const stage : registry.all()) out += DescribeStageMarkdown(*stage, 3) + "\n";
  return out + "## Rules\n\nWhat `retort lint` checks, by the names that its formats give.\n\n" + RulesTable();
}

}  // namespace retort
