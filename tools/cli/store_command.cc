// retort store: a user's corpus, prepared for the drafter `ngram-store`.
#include <fmt/format.h>

#include <memory>

#include "core/model/model_file.h"
#include "core/model/new_file.h"
#include "plugins/shared/ngram_store.h"
#include "tools/cli/commands.h"
#include "tools/cli/corpus.h"
#include "tools/cli/output.h"

namespace retort::cli {
namespace {

using retort_stages::TokenSet;

struct StoreArguments {
  std::string corpus, field, model, output;
  bool replace = false;
};

Status Build(const StoreArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(const std::string path, ResolveModelSource(arguments.model));
  RETORT_ASSIGN_OR_RETURN(const auto model, ModelFile::Open(path));
  RETORT_ASSIGN_OR_RETURN(const auto tokenizer, model->CreateTokenizer());
  RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(arguments.output, 0, arguments.replace));
  RETORT_ASSIGN_OR_RETURN(const Corpus corpus, ReadCorpus(arguments.corpus, arguments.field, *tokenizer));
  const TokenSet set = TokenSet::Of(static_cast<uint32_t>(tokenizer->vocab_size()),
                                    [&](int32_t token) { return tokenizer->Decode(&token, 1); });
  RETORT_RETURN_IF_ERROR(file->Append(retort_stages::BuildNgramStore(corpus.tokens, set)));
  RETORT_RETURN_IF_ERROR(file->Commit());
  Print(fmt::format("{}: {} tokens, documents: {}, {:.1f} MB\n", arguments.output,
                    corpus.tokens.size() - corpus.documents, corpus.documents,
                    static_cast<double>(file->written()) / 1e6));
  return {};
}

void AddBuild(CLI::App& store, Action* action) {
  CLI::App* command = store.add_subcommand("build", "Write the store of a corpus: its tokens and their suffix array");
  auto arguments = std::make_shared<StoreArguments>();
  command->add_option("--corpus", arguments->corpus, "A text file, or a JSONL file with a document a line")
      ->required()
      ->type_name("FILE");
  command->add_option("--model", arguments->model, "Whose tokens the store has: the model that verifies")
      ->required()
      ->type_name("MODEL");
  command->add_option("--out,--output", arguments->output, "The file to write")->required()->type_name("FILE");
  command->add_option("--field", arguments->field, "The field of a JSONL file that has the text; `text` by default")
      ->type_name("NAME");
  command->add_flag("--force", arguments->replace, "Replace the file where there is one of this name");
  command->footer(
      "Takes 8 bytes a token on the disk, and about 17 in memory while it is built. Drafts never run across "
      "documents.\n"
      "Example: retort store build --corpus out.jsonl --field completion --model smollm2-135m-instruct --out "
      "answers.store");
  command->callback([=] {
    *action = [=] {
      const Status status = Build(*arguments);
      if (!status.ok()) PrintStatus(status);
      return ExitCodeOf(status);
    };
  });
}

}  // namespace

void AddStoreCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("store", "Prepare a corpus that drafts are taken from");
  command->require_subcommand(1);
  command->footer("Example: retort store build --corpus notes.txt --model smollm2-135m-instruct --out notes.store");
  AddBuild(*command, action);
}

}  // namespace retort::cli
