// The stage my-stage: keeps the first words of a text field.
#include <retort/sdk.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace sdk = retort::sdk;

/// The beginning of `text` with at most `count` words, which white space parts.
std::string_view FirstWords(std::string_view text, int64_t count) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t end = 0;
  for (; count > 0; --count) {
    const size_t word = text.find_first_not_of(kSpace, end);
    if (word == text.npos) return text;
    end = std::min(text.find_first_of(kSpace, word), text.size());
  }
  return text.substr(0, end);
}

class MyStage final : public sdk::Stage {
 public:
  /// What `describe`, `lint`, editors and the docs know of the stage.
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("my-stage")
        .Summary("Keep the first words of a text field.")
        .Example("{ field: prompt, max_words: 8 }")
        .Input("in", "record", "Records with the field.")
        .Output("out", "record", "The same records, the text cut.")
        .Option(sdk::OptionSpec::String("field").Text("The field to cut.").Default("text"))
        .Option(sdk::OptionSpec::Int("max_words").Text("Words kept.").Unit("words").Range(1, 1e6).Default(32))
        .Option(sdk::OptionSpec::Enum("when_missing", {"fail", "skip"})
                    .Text("What becomes of a record without the field.")
                    .Default("fail"))
        .MaxBatch(64);
  }

  /// The options have been checked against Spec().
  static retort::Result<std::unique_ptr<MyStage>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<MyStage>();
    stage->field_ = config.String("field");
    stage->max_words_ = config.Int("max_words");
    stage->skip_missing_ = config.String("when_missing") == "skip";
    return stage;
  }

  /// Each record goes to exactly one of Emit, Complete, Fail and Skip.
  retort::Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      const retort::Result<std::string_view> text = record.GetString(field_);
      if (!text.ok()) {
        RETORT_RETURN_IF_ERROR(skip_missing_ ? context.Skip(record, "no text in `" + field_ + "`")
                                             : context.Fail(record, text.status()));
        continue;
      }
      const std::string kept(FirstWords(*text, max_words_));
      if (kept.size() < text->size()) context.Count("texts_cut");
      RETORT_RETURN_IF_ERROR(record.SetString(field_, kept));
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return {};
  }

 private:
  std::string field_;
  int64_t max_words_ = 0;
  bool skip_missing_ = false;
};

}  // namespace

RETORT_PLUGIN(MyStage)
