#include <retort/sdk.h>

#include <algorithm>
#include <memory>
#include <string>

namespace {

/// Turns a field of each record round, byte by byte.
class Reverse final : public retort::sdk::Stage {
 public:
  static retort::sdk::StageSpec Spec() {
    return retort::sdk::StageSpec("reverse")
        .Summary("Turn a text field round.")
        .Example("{ field: prompt }")
        .Input("in", "record", "Records with the field.")
        .Output("out", "record", "The same records, the field turned round.")
        .Option(retort::sdk::OptionSpec::String("field").Text("The field to turn round.").Default("prompt"));
  }

  static retort::Result<std::unique_ptr<Reverse>> Create(const retort::sdk::Config& config) {
    auto stage = std::make_unique<Reverse>();
    stage->field_ = config.String("field");
    return stage;
  }

  retort::Status Process(retort::sdk::Context& context, std::span<const retort::sdk::Record> records) override {
    for (const retort::sdk::Record record : records) {
      RETORT_ASSIGN_OR_RETURN(const std::string_view value, record.GetString(field_));
      RETORT_RETURN_IF_ERROR(record.SetString(field_, std::string(value.rbegin(), value.rend())));
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return {};
  }

 private:
  std::string field_;
};

}  // namespace

RETORT_PLUGIN(Reverse)
