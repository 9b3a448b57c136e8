// retort models: what a model file holds, and its tokenizer; other subcommands have files of their own.
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "core/model/inspect.h"
#include "core/model/model_file.h"
#include "core/model/tokenize_lines.h"
#include "tools/cli/models_commands.h"
#include "tools/cli/output.h"

namespace retort::cli {
namespace {

/// The file or folder of a model source, mapped. Errors: those of ResolveModelSource and ModelFile::Open.
Result<std::unique_ptr<ModelFile>> OpenSource(const std::string& source) {
  RETORT_ASSIGN_OR_RETURN(const std::string path, ResolveModelSource(source));
  return ModelFile::Open(path);
}

/// A bad line costs that line alone: it is reported and counted, and its output line is `null`.
Status TokenizeEachLine(const Tokenizer& tokenizer, int* bad_lines) {
  std::string line;
  for (size_t number = 1; std::getline(std::cin, line); ++number) {
    std::istringstream in(line + "\n");
    const Status status = TokenizeLines(tokenizer, in, std::cout);
    if (status.code() == StatusCode::kResourceExhausted) return status;
    if (status.ok()) continue;
    ++*bad_lines;
    std::cout << "null\n";
    std::string text = status.message();  // counts lines of this one line
    if (text.starts_with("line 1: ")) text.erase(0, 8);
    PrintError("error: line " + std::to_string(number) + ": " + text + "\n");
  }
  return {};
}

Status Tokenize(const std::string& source, int* bad_lines) {
  RETORT_ASSIGN_OR_RETURN(const auto file, OpenSource(source));
  RETORT_ASSIGN_OR_RETURN(const auto tokenizer, file->CreateTokenizer());
  std::ios::sync_with_stdio(false);
  return TokenizeEachLine(*tokenizer, bad_lines);
}

void AddTokenize(CLI::App& models, Action* action) {
  CLI::App* command =
      models.add_subcommand("tokenize", "Read JSON strings, a line each; print the JSON list of each one's token ids");
  auto source = std::make_shared<std::string>();
  command->add_option("model", *source, "A GGUF file, a folder with safetensors, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  command->footer(
      "Texts of special tokens are recognised; no begin-of-sequence token is added. A line that is no JSON string is\n"
      "reported, gives the line `null`, and makes the exit code 1.\n"
      "Example: echo '\"Hello world\"' | retort models tokenize smollm2-135m-instruct");
  command->callback([=] {
    *action = [=] {
      int bad_lines = 0;
      const Status status = Tokenize(*source, &bad_lines);
      if (!status.ok()) PrintStatus(status);
      return status.ok() && bad_lines > 0 ? static_cast<int>(kSomeFailed) : ExitCodeOf(status);
    };
  });
}

Status Inspect(const std::string& source) {
  RETORT_ASSIGN_OR_RETURN(const auto file, OpenSource(source));
  RETORT_ASSIGN_OR_RETURN(const ModelInspection inspection, file->Inspect());
  Print(InspectionText(inspection));
  return {};
}

void AddInspect(CLI::App& models, Action* action) {
  CLI::App* command = models.add_subcommand("inspect", "Show what a model file holds: metadata, tensors, types, sizes");
  auto source = std::make_shared<std::string>();
  command->add_option("model", *source, "A GGUF file, a folder with safetensors, or a name that tools/get-model knows")
      ->required()
      ->type_name("MODEL");
  command->footer("Example: retort models inspect smollm2-135m-instruct");
  command->callback([=] {
    *action = [=] {
      const Status status = Inspect(*source);
      if (!status.ok()) PrintStatus(status);
      return ExitCodeOf(status);
    };
  });
}

}  // namespace

void AddModelsCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("models", "Look into models, convert and measure them");
  command->require_subcommand(1);
  command->footer("Example: retort models inspect smollm2-135m-instruct");
  AddTokenize(*command, action);
  AddInspect(*command, action);
  AddModelsQuantize(*command, action);
  AddModelsPerplexity(*command, action);
}

}  // namespace retort::cli
