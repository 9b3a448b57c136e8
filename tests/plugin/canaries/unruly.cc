// Stages that go wrong where a record says so, in every way in which a plugin can.
#include <retort/sdk.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using retort::Result;
using retort::Status;
namespace sdk = retort::sdk;

/// End the process by the signal itself, also under a sanitizer, which would make an exit of it.
[[noreturn]] void Raise(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::abort();
}

void Hang() { std::this_thread::sleep_for(std::chrono::hours(1)); }

/// Write to every socket of the process, as one that has lost its own number would.
void WriteToSockets(const std::string& bytes) {
  for (int number = 3; number < 64; ++number) {
    if (send(number, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) continue;
  }
}

/// A process of its own that outlives the one that started it, unless somebody ends it too.
void LeaveAProcess() {
  const pid_t child = fork();
  if (child == 0) {
    Hang();
    _exit(0);
  }
  std::fprintf(stderr, "left process %d\n", static_cast<int>(child));
}

/// What ends the process or the call, by its name. Nothing for another name.
void GoWrong(std::string_view how) {
  if (how == "crash") Raise(SIGSEGV);
  if (how == "abort") std::abort();
  if (how == "kill") Raise(SIGKILL);
  if (how == "exit 0") std::exit(0);
  if (how == "exit 3") std::exit(3);
  if (how == "hang") Hang();
  if (how == "garbage") WriteToSockets("hello, is anybody there?");
  if (how == "zeros") WriteToSockets(std::string(300000, '\0'));
  if (how == "close") close(3);
  if (how == "throw") throw std::runtime_error("the kettle is empty");
  if (how == "no memory") throw std::bad_alloc();
  if (how == "leave") LeaveAProcess();
}

/// Numbers each record that it emits, by `seen`; the record's `do` says what happens instead or besides.
class Unruly final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("unruly")
        .Summary("Go wrong where a record says so.")
        .Input("in", "record", "Records.")
        .Output("out", "record", "The same.")
        .OptionalOutput("other", "record", "Those that say so.")
        .Option(
            sdk::OptionSpec::Enum("die_in", {"nothing", "create", "open", "close"}).Text("Where.").Default("nothing"))
        .Option(sdk::OptionSpec::String("how").Text("In what way.").Default("crash"))
        .Option(sdk::OptionSpec::Path("once").Text("Only while there is this file, which is removed.").Optional())
        .Option(sdk::OptionSpec::List("words").Text("Written into each record.").Default({"a", "b"}))
        .Option(sdk::OptionSpec::Float("share").Text("Likewise.").Default(0.5))
        .MaxBatch(4);
  }

  static Result<std::unique_ptr<Unruly>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<Unruly>();
    stage->die_in_ = config.String("die_in");
    stage->how_ = config.String("how");
    stage->once_ = config.String("once");
    stage->options_ = config.StageName() + " " + std::to_string(config.Float("share"));
    for (const std::string& word : config.List("words")) stage->options_ += " " + word;
    stage->DieIn("create");
    return stage;
  }

  Status Open() override {
    DieIn("open");
    return {};
  }

  Status Close(sdk::Ending) override {
    DieIn("close");
    return {};
  }

  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      const auto wish = record.GetString("do");
      const std::string how(wish.ok() ? *wish : "");
      RETORT_RETURN_IF_ERROR(record.SetJson("seen", std::to_string(++seen_)));
      if (how == "say") std::fprintf(stderr, "first line\nsecond line without an end");
      GoWrong(how);
      if (how == "forget") continue;
      if (how == "give up") return retort::DataLoss("gave up");
      if (how == "options") RETORT_RETURN_IF_ERROR(record.SetString("options", options_));
      if (how == "fail") {
        RETORT_RETURN_IF_ERROR(context.Fail(record, retort::NotFound("no tea")));
        continue;
      }
      if (how == "skip") {
        RETORT_RETURN_IF_ERROR(context.Skip(record, "not now"));
        continue;
      }
      if (how == "wait") {
        while (!context.Cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (how == "wrong port") RETORT_RETURN_IF_ERROR(context.Emit(7, record));
      if (how == "nested")
        RETORT_RETURN_IF_ERROR(record.SetJson("deep", std::string(256, '[') + std::string(256, ']')));
      RETORT_RETURN_IF_ERROR(context.Emit(how == "other" ? 1 : 0, record));
      if (how == "twice") RETORT_RETURN_IF_ERROR(context.Emit(0, record));
      if (how == "crash after") GoWrong("crash");
      context.Sample("seen", static_cast<double>(seen_));
    }
    context.Count("seen", static_cast<double>(records.size()));
    return {};
  }

 private:
  void DieIn(std::string_view where) const {
    if (die_in_ != where) return;
    if (once_.empty() || std::remove(once_.c_str()) == 0) GoWrong(how_);
  }

  std::string die_in_, how_, once_, options_;
  int64_t seen_ = 0;
};

/// A source of `count` records.
class UnrulySource final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("unruly-source")
        .Summary("Count, and crash.")
        .Output("out", "record", "Records with a number.")
        .Option(sdk::OptionSpec::Int("count").Text("Records.").Default(10))
        .Option(sdk::OptionSpec::Int("crash_at").Text("The record in which it crashes; -1: none.").Default(-1));
  }

  static Result<std::unique_ptr<UnrulySource>> Create(const sdk::Config& config) {
    auto stage = std::make_unique<UnrulySource>();
    stage->count_ = config.Int("count");
    stage->crash_at_ = config.Int("crash_at");
    return stage;
  }

  Result<sdk::More> Produce(sdk::Context& context, size_t want) override {
    for (; want > 0 && next_ < count_; --want) {
      const std::string text = next_ % 5 == 4 ? "no record" : "{\"n\":" + std::to_string(next_) + "}";
      if (next_ == crash_at_) GoWrong("crash");
      RETORT_ASSIGN_OR_RETURN(const sdk::Record record, context.Create(text, static_cast<uint64_t>(++next_)));
      if (record) RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return next_ < count_ ? sdk::More::kMore : sdk::More::kEnd;
  }

 private:
  int64_t count_ = 0, crash_at_ = -1, next_ = 0;
};

/// A sink that crashes at records with the field `do`.
class UnrulySink final : public sdk::Stage {
 public:
  static sdk::StageSpec Spec() {
    return sdk::StageSpec("unruly-sink").Summary("Take records.").Input("in", "record", "Records.");
  }
  static Result<std::unique_ptr<UnrulySink>> Create(const sdk::Config&) { return std::make_unique<UnrulySink>(); }
  Status Process(sdk::Context& context, std::span<const sdk::Record> records) override {
    for (const sdk::Record record : records) {
      if (const auto how = record.GetString("do"); how.ok()) GoWrong(*how);
      RETORT_RETURN_IF_ERROR(context.Complete(record));
    }
    return {};
  }
};

}  // namespace

RETORT_PLUGIN(Unruly, UnrulySource, UnrulySink)
