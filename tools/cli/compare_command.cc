// retort compare: are two output files the same text?
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/compare.h"
#include "tools/cli/output.h"
#include "tools/cli/run_against.h"

namespace retort::cli {
namespace {

struct CompareArguments {
  std::string left, right;
  bool json = false;
};

int Compare(const CompareArguments& arguments) {
  const auto compared = CompareCompletions(arguments.left, arguments.right);
  if (!compared.ok()) {
    PrintStatus(compared.status());
    return kUsage;
  }
  const Comparison& c = *compared;
  if (arguments.json) {
    Print(TextsJson(c).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  } else {
    Print(fmt::format("{} of {} completions are identical; {} only in {}, {} only in {}\n", c.identical, c.records,
                      c.left_only, arguments.left, c.right_only, arguments.right) +
          DifferencesText(c));
  }
  return c.same() ? kDone : kSomeFailed;
}

}  // namespace

void AddCompareCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("compare", "Compare the completions of two output files, record by record");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("left", arguments->left, "An output file (JSONL)")->required()->type_name("LEFT");
  command->add_option("right", arguments->right, "Another")->required()->type_name("RIGHT");
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "Exit codes: 0 all identical, 1 some differ, 2 a file cannot be read.\n"
      "Example: retort compare plain.jsonl speculative.jsonl");
  command->callback([=] { *action = [=] { return Compare(*arguments); }; });
}

}  // namespace retort::cli
