// Stages written with the SDK that use every part of it, and some that misbehave.
#include <retort/sdk.h>

#include <algorithm>
#include <cctype>
#include <new>
#include <stdexcept>
#include <vector>

namespace {

using retort::Result;
using retort::Status;
namespace sdk = retort::sdk;

class Upper final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("upper")
        .Summary("Put a field into upper case.")
        .Text("Records without the field fail.")
        .Example("{ field: prompt }")
        .Input("in", "record", "Records with the field.")
        .Output("out", "record", "The records.")
        .OptionalOutput("empty", "record", "Records whose field is empty.")
        .Option(sdk::OptionSpec::String("field").Text("The field.").Default("prompt").Example("text"))
        .Concurrent()
        .MaxBatch(16);
  }
  static Result<std::unique_ptr<Upper>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<Upper>();
    stage->field_ = config.String("field");
    return stage;
  }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      const auto value = record.GetString(field_);
      if (!value.ok()) {
        RETORT_RETURN_IF_ERROR(context.Fail(record, value.status()));
        continue;
      }
      std::string text(*value);
      std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
      RETORT_RETURN_IF_ERROR(record.SetString(field_, text));
      RETORT_RETURN_IF_ERROR(context.Emit(text.empty() ? 1 : 0, record));
      context.Sample("length", static_cast<double>(text.size()));
    }
    context.Count("seen", static_cast<double>(records.size()));
    return {};
  }

 private:
  std::string field_;
};

/// Shows every option type; the values go into the record.
class ShowOptions final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("show-options")
        .Summary("Write the options into the record.")
        .Input("in", "record", "Any.")
        .Output("out", "record", "The same.")
        .Option(sdk::OptionSpec::Bool("flag").Text("A flag.").Default(true))
        .Option(sdk::OptionSpec::Int("count").Text("A count.").Range(0, 100).Default(7))
        .Option(sdk::OptionSpec::Float("share").Text("A share.").Range(0, 1).Default(0.25))
        .Option(sdk::OptionSpec::Enum("rule", {"greedy", "lossless"}).Text("A rule.").Default("greedy"))
        .Option(sdk::OptionSpec::Path("path").Text("A path.").Optional())
        .Option(sdk::OptionSpec::List("stop").Text("Texts.").Default({"one", "it's"}))
        .Option(sdk::OptionSpec::Model("model").Text("A model.").Optional());
  }
  static std::vector<sdk::Advice> Advise(const sdk::Config& config) {
    const int64_t count = config.Int("count");
    if (count == 98) throw std::runtime_error("no remarks today");
    if (count == 99) return {{"counts", "there is no such option", "", ""}};
    if (count == 100) return {{"count", "", "", ""}};
    if (config.Bool("flag")) return {};
    return {{"flag", "without a flag nobody sees it", "true", "count"}, {"", "it is a quiet stage", "", ""}};
  }
  static Result<std::unique_ptr<ShowOptions>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<ShowOptions>();
    stage->text_ = config.StageName() + " " + std::to_string(config.Bool("flag")) + " " +
                   std::to_string(config.Int("count")) + " " + std::to_string(config.Float("share")) + " " +
                   config.String("rule") + " " + config.String("path");
    for (const std::string& item : config.List("stop")) stage->text_ += " <" + item + ">";
    if (const sdk::Model model = config.Model("model")) {
      RETORT_ASSIGN_OR_RETURN(const retort_model_info info, model.Info());
      stage->text_ += " " + std::string(sdk::FromC(info.name));
    }
    return stage;
  }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      RETORT_RETURN_IF_ERROR(record.SetString("options", text_));
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return {};
  }

 private:
  std::string text_;
};

/// A source: lines from an option, one at a time.
class Lines final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("lines")
        .Summary("Records from an option.")
        .Output("out", "record", "One a line.")
        .Option(sdk::OptionSpec::List("lines").Text("The lines."))
        .Blocking()
        .Ordered();
  }
  static Result<std::unique_ptr<Lines>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<Lines>();
    stage->lines_ = config.List("lines");
    return stage;
  }
  Result<sdk::More> Produce(sdk::Context& context, size_t want) override {
    for (; want > 0 && next_ < lines_.size(); --want) {
      const std::string& line = lines_[next_++];
      RETORT_ASSIGN_OR_RETURN(const sdk::Record record, context.Create(line, next_));
      if (record) RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return next_ < lines_.size() ? sdk::More::kMore : sdk::More::kEnd;
  }

 private:
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

/// Hangs an object on the record; counts how many live.
class Hang final : public sdk::Stage {
 public:
  struct Thing {
    explicit Thing(std::string_view n) : name(n) { ++alive; }
    Thing(const Thing&) = delete;
    ~Thing() { --alive; }
    std::string name;
    inline static int alive = 0;
  };
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("hang")
        .Summary("Hang things on records.")
        .Input("in", "record", "Any.")
        .Output("out", "record", "The same.");
  }
  static Result<std::unique_ptr<Hang>> Create(const sdk::Config&) { return std::make_unique<Hang>(); }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      const Thing* const before = record.Attachment<Thing>("thing");
      RETORT_RETURN_IF_ERROR(record.SetString("before", before == nullptr ? "nothing" : before->name));
      RETORT_RETURN_IF_ERROR(record.Attach("thing", std::make_unique<Thing>(record.id())));
      RETORT_RETURN_IF_ERROR(record.SetJson("alive", std::to_string(Thing::alive)));
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return {};
  }
};

/// Goes wrong in the way that its option names.
class Misbehave final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("misbehave")
        .Summary("Go wrong on purpose.")
        .Input("in", "record", "Any.")
        .Output("out", "record", "What is left.")
        .Option(sdk::OptionSpec::Enum(
                    "how", {"throw-create", "unknown-option", "wrong-type", "fail-open", "throw-open", "throw",
                            "throw-int", "bad-alloc", "fail", "forget", "twice", "port", "fail-close", "throw-close"})
                    .Text("The way."));
  }
  static Result<std::unique_ptr<Misbehave>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<Misbehave>();
    stage->how_ = config.String("how");
    if (stage->how_ == "throw-create") throw std::runtime_error("thrown by create");
    if (stage->how_ == "unknown-option") config.Int("nothing");
    if (stage->how_ == "wrong-type") config.Int("how");
    return stage;
  }
  Status Open() override {
    if (how_ == "throw-open") throw std::runtime_error("thrown by open");
    return how_ == "fail-open" ? retort::NotFound("failed by open") : Status();
  }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    if (how_ == "throw") throw std::runtime_error("thrown by process");
    if (how_ == "throw-int") throw 7;
    if (how_ == "bad-alloc") throw std::bad_alloc();
    if (how_ == "fail") return retort::DataLoss("failed by process");
    if (how_ == "forget") return {};
    if (how_ == "port") return context.Emit(9, records[0]);
    RETORT_RETURN_IF_ERROR(context.Emit(0, records[0]));
    return how_ == "twice" ? context.Emit(0, records[0]) : Status();
  }
  Status Close(retort::sdk::Ending) override {
    if (how_ == "throw-close") throw std::runtime_error("thrown by close");
    return how_ == "fail-close" ? retort::ResourceExhausted("failed by close") : Status();
  }

 private:
  std::string how_;
};

/// Decodes greedily to the end of the sequence in one call, and reports through the record.
class Decode final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("decode")
        .Summary("Decode a prompt.")
        .Input("in", "record", "Records with `prompt`.")
        .Output("out", "record", "With the completion.")
        .Option(sdk::OptionSpec::Model("model").Text("The model."))
        .Option(sdk::OptionSpec::Int("max_tokens").Text("Tokens at most.").Default(8))
        .Option(sdk::OptionSpec::Float("temperature").Text("Heat.").Default(0.0))
        .Option(sdk::OptionSpec::List("stop").Text("Stop texts.").Default({}));
  }
  static Result<std::unique_ptr<Decode>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<Decode>();
    stage->model_ = config.Model("model");
    stage->limit_ = static_cast<int32_t>(config.Int("max_tokens"));
    stage->sampling_.temperature = config.Float("temperature");
    stage->stop_ = config.List("stop");
    return stage;
  }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      const Status status = Run(record);
      RETORT_RETURN_IF_ERROR(status.ok() ? context.Emit(0, record) : context.Fail(record, status));
    }
    return {};
  }

 private:
  Status Run(sdk::Record record) {
    RETORT_ASSIGN_OR_RETURN(const std::string_view prompt, record.GetString("prompt"));
    RETORT_ASSIGN_OR_RETURN(const std::span<const int32_t> tokens, model_.Tokenize(prompt, {}));
    RETORT_RETURN_IF_ERROR(record.BeginSequence(model_, tokens));
    RETORT_RETURN_IF_ERROR(record.SetLimits({.max_tokens = limit_, .stop = stop_}));
    RETORT_ASSIGN_OR_RETURN(const sdk::Kv kv, record.Kv(model_));
    for (;;) {
      RETORT_ASSIGN_OR_RETURN(const sdk::SequenceView sequence, record.Sequence());
      if (sequence.finish != sdk::Finish::kNone) return record.FinishSequence();
      const auto rest = sequence.tokens.subspan(kv.Length());
      const sdk::ForwardItem item(kv, rest, rest.size() - 1);
      RETORT_ASSIGN_OR_RETURN(const sdk::Logits logits, model_.Forward({&item, 1}));
      RETORT_ASSIGN_OR_RETURN(const int32_t token,
                              record.Sample(sampling_, logits.row(0), sequence.tokens, sequence.tokens.size()));
      RETORT_RETURN_IF_ERROR(record.Commit({&token, 1}).status());
    }
  }

  sdk::Model model_;
  sdk::Sampling sampling_;
  int32_t limit_ = 0;
  std::vector<std::string> stop_;
};

}  // namespace

RETORT_PLUGIN(Upper, ShowOptions, Lines, Hang, Misbehave, Decode)
