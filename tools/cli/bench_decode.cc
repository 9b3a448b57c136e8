#include "tools/cli/bench_decode.h"

#include <algorithm>
#include <chrono>

#include "core/base/random.h"
#include "core/graph/plan.h"
#include "core/model/model_file.h"
#include "core/ops/calibrate.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Tokens drawn evenly from the vocabulary: a step's time does not depend on which they are.
std::vector<int32_t> SomeTokens(int count, int32_t vocab, uint64_t position) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<int32_t>(RandomBits({0, 0, HashName("bench decode"), position + i, 0}) %
                                     static_cast<uint64_t>(vocab));
  }
  return tokens;
}

/// Seconds of one step that appends `tokens` to `kv` and wants logits from `logits_first` on.
Result<double> TimeStep(Model& model, KvSequence& kv, const std::vector<int32_t>& tokens, size_t logits_first) {
  const ForwardItem item{&kv, tokens, logits_first};
  std::span<const float> logits;
  const Clock::time_point start = Clock::now();
  RETORT_RETURN_IF_ERROR(model.Forward(std::span(&item, 1), &logits));
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Median seconds of prefilling an empty sequence with the prompt; `kv` holds it afterwards.
Result<double> MeasurePrefill(Model& model, KvSequence& kv, const DecodeBenchOptions& options) {
  const std::vector<int32_t> prompt = SomeTokens(options.prompt, model.hyper().vocab, 0);
  std::vector<double> seconds;
  for (int i = 0; i < std::max(3, options.repeats / 3) + 1; ++i) {
    RETORT_RETURN_IF_ERROR(kv.Truncate(0));
    RETORT_ASSIGN_OR_RETURN(const double time, TimeStep(model, kv, prompt, prompt.size() - 1));
    if (i > 0) seconds.push_back(time);  // the first one warms up
  }
  return Median(std::move(seconds));
}

/// Median seconds of a step of each size after the prompt. Sizes take turns, so that a change of the machine's speed
/// meets all of them.
Result<std::vector<double>> MeasureSteps(Model& model, KvSequence& kv, const DecodeBenchOptions& options,
                                         const std::vector<int>& sizes) {
  std::vector<std::vector<double>> seconds(sizes.size());
  const auto length = static_cast<size_t>(options.prompt);
  for (int i = 0; i < options.repeats + 2; ++i) {
    for (size_t s = 0; s < sizes.size(); ++s) {
      const std::vector<int32_t> tokens = SomeTokens(sizes[s], model.hyper().vocab, length + static_cast<uint64_t>(i));
      RETORT_ASSIGN_OR_RETURN(const double time, TimeStep(model, kv, tokens, 0));
      RETORT_RETURN_IF_ERROR(kv.Truncate(length));
      if (i >= 2) seconds[s].push_back(time);
    }
  }
  std::vector<double> medians;
  medians.reserve(seconds.size());
  for (std::vector<double>& times : seconds) medians.push_back(Median(std::move(times)));
  return medians;
}

}  // namespace

Result<Json> RunDecodeBench(const DecodeBenchOptions& options) {
  RETORT_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, Model::Load(options.model));
  std::vector<int> sizes = {1};  // the unit of v
  for (const int step : options.steps) {
    if (std::find(sizes.begin(), sizes.end(), step) == sizes.end()) sizes.push_back(step);
  }
  const int longest = *std::max_element(sizes.begin(), sizes.end());
  if (options.prompt + longest > model->hyper().context_length) {
    return InvalidArgument("bench decode: a prompt of " + std::to_string(options.prompt) + " tokens and steps of " +
                           std::to_string(longest) + " outgrow the context of " +
                           std::to_string(model->hyper().context_length) + " tokens; lower --prompt or --steps");
  }
  RETORT_ASSIGN_OR_RETURN(const auto kv, model->CreateSequence());
  RETORT_ASSIGN_OR_RETURN(const double prefill, MeasurePrefill(*model, *kv, options));
  RETORT_ASSIGN_OR_RETURN(const std::vector<double> steps, MeasureSteps(*model, *kv, options, sizes));
  RETORT_ASSIGN_OR_RETURN(const Calibration machine, Calibrate(options.model.threads));
  RETORT_ASSIGN_OR_RETURN(const auto file, ModelFile::Open(model->config().source));
  RETORT_ASSIGN_OR_RETURN(const uint64_t step_bytes, WeightBytesPerStep(file->tensors(), options.model.weights));
  const double limit = machine.read_bytes_per_second / static_cast<double>(step_bytes);
  Json v = Json::object(), step_seconds = Json::object();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool asked = std::find(options.steps.begin(), options.steps.end(), sizes[i]) != options.steps.end();
    if (!asked) continue;
    v[std::to_string(sizes[i])] = steps[i] / steps[0];
    step_seconds[std::to_string(sizes[i])] = steps[i];
  }
  return Json{{"model", model->config().source},
              {"device", model->device().info().description},
              {"weights", options.model.weights},
              {"precision", options.model.precision == Precision::kExact ? "exact" : "fast"},
              {"threads", model->device().info().threads},
              {"prompt_tokens", options.prompt},
              {"repeats", options.repeats},
              {"tokens_per_second", 1 / steps[0]},
              {"v", v},
              {"step_seconds", step_seconds},
              {"prefill_tokens_per_second", options.prompt / prefill},
              {"weight_bytes_per_step", step_bytes},
              {"read_bytes_per_second", machine.read_bytes_per_second},
              {"limit_tokens_per_second", limit},
              {"attained_over_limit", 1 / steps[0] / limit},
              {"dispatch", model->DispatchReport()}};
}

}  // namespace retort::cli
