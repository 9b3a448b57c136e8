// prompt: from a record's text or chat messages to the token sequence that a model continues.
#include <retort/sdk.h>

#include <memory>
#include <string>

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class Prompt final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("prompt")
        .Summary("Make the token sequence of a record's prompt or chat messages.")
        .Text(
            "A record has either `prompt`, raw text in which the text of special tokens is recognised, or `messages`, "
            "a list "
            "of objects with `role` and `content`, which the model's chat template turns into text. A record with "
            "neither, "
            "both, or a prompt that leaves no room in the model's context fails.")
        .Example("{ model: target }")
        .Input("in", "record", "Records with a prompt.")
        .Output("out", "sequence", "The same records with their token sequence.")
        .Option(
            OptionSpec::Model("model").Text("The model whose tokenizer and chat template are used.").Example("target"))
        .Option(OptionSpec::String("prompt_field").Text("Field with raw text.").Default("prompt").Example("question"))
        .Option(
            OptionSpec::String("messages_field").Text("Field with chat messages.").Default("messages").Example("chat"))
        .MaxBatch(16)
        .Concurrent();
  }

  static Result<std::unique_ptr<Prompt>> Create(const Config& config) {
    auto stage = std::make_unique<Prompt>();
    stage->model_ = config.Model("model");
    stage->prompt_field_ = config.String("prompt_field");
    stage->messages_field_ = config.String("messages_field");
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    for (const Record& record : records) {
      const Status status = Begin(record);
      Status given = status.ok() ? context.Emit(0, record) : context.Fail(record, status);
      if (!given.ok()) return given;
    }
    return {};
  }

 private:
  Status Begin(const Record& record) const {
    const Result<std::string_view> prompt = record.GetJson(prompt_field_);
    const bool has_prompt = prompt.ok();
    const bool has_messages = record.GetJson(messages_field_).ok();
    if (has_prompt == has_messages) {
      return retort::InvalidArgument("expected either the field `" + prompt_field_ + "` (text) or `" + messages_field_ +
                                     "` (a list of {role, content}), got " + (has_prompt ? "both" : "neither"));
    }
    std::string text;
    if (has_prompt) {
      const Result<std::string_view> raw = record.GetString(prompt_field_);
      if (!raw.ok()) return raw.status();
      text = *raw;
    } else {
      const Result<std::string_view> messages = record.GetJson(messages_field_);
      if (!messages.ok()) return messages.status();
      const Result<std::string_view> applied = model_.ApplyChatTemplate(*messages);
      if (!applied.ok()) return applied.status().Annotate("field `" + messages_field_ + "`");
      text = *applied;
    }
    if (text.empty())
      return retort::InvalidArgument("field `" + prompt_field_ + "`: expected text, got an empty string");
    // A chat template writes its begin-of-sequence itself; raw text gets the model's own where it wants one.
    const Result<std::span<const int32_t>> tokens =
        model_.Tokenize(text, {.add_special = has_prompt, .parse_special = true});
    if (!tokens.ok()) return tokens.status();
    return record.BeginSequence(model_, *tokens);
  }

  Model model_;
  std::string prompt_field_, messages_field_;
};

}  // namespace

RETORT_PLUGIN(Prompt)
