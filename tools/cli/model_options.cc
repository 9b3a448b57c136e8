#include "tools/cli/model_options.h"

namespace retort::cli {

void AddArithmetic(CLI::App& command, ModelConfig* model, std::string* precision, const std::string& weights_text) {
  command.add_option("--weights", model->weights, weights_text)
      ->check(CLI::IsMember(WeightChoices()))
      ->capture_default_str();
  command.add_option("--precision", *precision, "exact or fast")
      ->check(CLI::IsMember({"exact", "fast"}))
      ->capture_default_str();
}

void AddThreads(CLI::App& command, int* threads) {
  command.add_option("--threads", *threads, "Threads; 0 = all")->check(CLI::Range(0, 4096))->capture_default_str();
}

Precision PrecisionOf(const std::string& name) { return name == "exact" ? Precision::kExact : Precision::kFast; }

}  // namespace retort::cli
