// A stage for the tests: records with the field `seconds` go round until that time is over, the others pass at once.
#include <retort/sdk.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;
using Clock = std::chrono::steady_clock;

class Slow final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("slow")
        .Summary("Hold back records that say so.")
        .Input("in", "record", "Records.")
        .Output("out", "record", "Records whose time is over.")
        .Output("again", "record", "The others; wire it back.")
        .Option(OptionSpec::Path("marker").Text("Made once a record has passed and another one waits."))
        .MaxBatch(16);
  }

  static Result<std::unique_ptr<Slow>> Create(const Config& config) {
    auto stage = std::make_unique<Slow>();
    stage->marker_ = config.String("marker");
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    // What an earlier call passed on has been delivered by now.
    if (passed_) std::ofstream(marker_) << "passed\n";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (const Record& record : records) {
      const Result<std::string_view> seconds = record.GetJson("seconds");
      const double wait = seconds.ok() ? std::atof(std::string(*seconds).c_str()) : 0;
      const bool over = std::chrono::duration<double>(Clock::now() - start_).count() >= wait;
      passed_ = passed_ || over;
      if (Status status = context.Emit(over ? 0 : 1, record); !status.ok()) return status;
    }
    return {};
  }

 private:
  std::string marker_;
  bool passed_ = false;
  const Clock::time_point start_ = Clock::now();
};

}  // namespace

RETORT_PLUGIN(Slow)
