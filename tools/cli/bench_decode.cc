#include "tools/cli/bench_decode.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include "core/graph/plan.h"
#include "core/model/model_file.h"
#include "core/ops/calibrate.h"
#include "tools/cli/bench_steps.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

/// Seconds of one step that appends `tokens`, all to the first sequence or one to each, and wants logits from
/// `logits_first` on of each.
Result<double> TimeStep(Model& model, std::span<const std::unique_ptr<KvSequence>> sequences,
                        const std::vector<int32_t>& tokens, size_t logits_first) {
  std::vector<ForwardItem> items;
  const size_t each = tokens.size() / sequences.size();
  for (size_t i = 0; i < sequences.size(); ++i) {
    ForwardItem& item = items.emplace_back();
    item.kv = sequences[i].get();
    item.tokens = std::span(tokens).subspan(i * each, each);
    item.logits_first = logits_first;
  }
  std::span<const float> logits;
  const Clock::time_point start = Clock::now();
  RETORT_RETURN_IF_ERROR(model.Forward(items, &logits));
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Median seconds of prefilling an empty sequence with the prompt; `sequence` holds it afterwards.
Result<double> MeasurePrefill(Model& model, std::span<const std::unique_ptr<KvSequence>> sequence,
                              const DecodeBenchOptions& options) {
  const std::vector<int32_t> prompt = SomeTokens(options.prompt, model.hyper().vocab, 0);
  constexpr int kLong = 1024;  // tokens; longer ones take seconds
  const int rounds = options.prompt > kLong ? 2 : std::max(3, options.repeats / 3);
  std::vector<double> seconds;
  for (int i = 0; i < rounds + 1; ++i) {
    RETORT_RETURN_IF_ERROR(sequence[0]->Truncate(0));
    RETORT_ASSIGN_OR_RETURN(const double time, TimeStep(model, sequence, prompt, prompt.size() - 1));
    if (i > 0) seconds.push_back(time);  // the first one warms up
  }
  return Median(std::move(seconds));
}

/// Median seconds of a step of each size after the prompt. Sizes take turns, so that a change of the machine's speed
/// meets all of them.
Result<std::vector<double>> MeasureSteps(Model& model, std::span<const std::unique_ptr<KvSequence>> sequences,
                                         const DecodeBenchOptions& options, const std::vector<int>& sizes) {
  std::vector<std::vector<double>> seconds(sizes.size());
  const auto length = static_cast<size_t>(options.prompt);
  for (int i = 0; i < options.repeats + 2; ++i) {
    for (size_t s = 0; s < sizes.size(); ++s) {
      const std::vector<int32_t> tokens = SomeTokens(sizes[s], model.hyper().vocab, length + static_cast<uint64_t>(i));
      const auto used = sequences.first(options.many ? static_cast<size_t>(sizes[s]) : 1);
      RETORT_ASSIGN_OR_RETURN(const double time, TimeStep(model, used, tokens, 0));
      for (const auto& kv : used) RETORT_RETURN_IF_ERROR(kv->Truncate(length));
      if (i >= 2) seconds[s].push_back(time);
    }
  }
  std::vector<double> medians;
  medians.reserve(seconds.size());
  for (std::vector<double>& times : seconds) medians.push_back(Median(std::move(times)));
  return medians;
}

uint64_t ResidentBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib * 1024;
  }
  return 0;
}

/// The better of two measurements: what is shared with others is at times slower than it is.
Result<Calibration> CalibrateTwice(int threads) {
  RETORT_ASSIGN_OR_RETURN(Calibration best, Calibrate(threads));
  RETORT_ASSIGN_OR_RETURN(const Calibration again, Calibrate(threads));
  best.read_bytes_per_second = std::max(best.read_bytes_per_second, again.read_bytes_per_second);
  best.f32_flops_per_second = std::max(best.f32_flops_per_second, again.f32_flops_per_second);
  best.int8_ops_per_second = std::max(best.int8_ops_per_second, again.int8_ops_per_second);
  best.bf16_flops_per_second = std::max(best.bf16_flops_per_second, again.bf16_flops_per_second);
  return best;
}

Status CheckContext(const DecodeBenchOptions& options, int longest, int32_t context) {
  if (options.prompt + longest <= context) return {};
  return InvalidArgument("bench decode: a prompt of " + std::to_string(options.prompt) + " tokens and steps of " +
                         std::to_string(longest) + " outgrow the context of " + std::to_string(context) +
                         " tokens; lower --prompt or --steps");
}

}  // namespace

Result<Json> RunDecodeBench(const DecodeBenchOptions& options) {
  const uint64_t resident_before = ResidentBytes();
  const Clock::time_point start = Clock::now();
  RETORT_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, Model::Load(options.model));
  std::vector<int> sizes = {1};  // the unit of v
  for (const int step : options.steps) {
    if (std::find(sizes.begin(), sizes.end(), step) == sizes.end()) sizes.push_back(step);
  }
  const int longest = *std::max_element(sizes.begin(), sizes.end());
  RETORT_RETURN_IF_ERROR(CheckContext(options, longest, model->hyper().context_length));
  std::vector<std::unique_ptr<KvSequence>> sequences(1);
  RETORT_ASSIGN_OR_RETURN(sequences[0], model->CreateSequence());
  constexpr int kFirstPrompt = 16;
  const std::vector<int32_t> first = SomeTokens(kFirstPrompt, model->hyper().vocab, 0);
  RETORT_RETURN_IF_ERROR(TimeStep(*model, sequences, first, first.size() - 1).status());
  const double first_logits = std::chrono::duration<double>(Clock::now() - start).count();
  RETORT_ASSIGN_OR_RETURN(const double prefill, MeasurePrefill(*model, sequences, options));
  while (options.many && sequences.size() < static_cast<size_t>(longest)) sequences.push_back(sequences[0]->Fork());
  RETORT_ASSIGN_OR_RETURN(const std::vector<double> steps, MeasureSteps(*model, sequences, options, sizes));
  const uint64_t resident = ResidentBytes();
  RETORT_ASSIGN_OR_RETURN(const Calibration machine, CalibrateTwice(options.model.threads));
  RETORT_ASSIGN_OR_RETURN(const auto file, ModelFile::Open(model->config().source));
  RETORT_ASSIGN_OR_RETURN(const StepWork work, WorkOfStep(file->tensors(), options.model.weights));
  const SteppedModel stepped{model->hyper(), work, model->kv_bytes_per_token(),
                             model->config().precision == Precision::kFast};
  const auto least = [&](double rows, double of, double context, double logit_rows) {
    return LeastStepSeconds(stepped, machine, rows, of, context, logit_rows);
  };
  Json v = Json::object(), step_seconds = Json::object(), attained = Json::object();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool asked = std::find(options.steps.begin(), options.steps.end(), sizes[i]) != options.steps.end();
    if (!asked) continue;
    const std::string n = std::to_string(sizes[i]);
    v[n] = steps[i] / steps[0];
    step_seconds[n] = steps[i];
    attained[n] = least(sizes[i], options.many ? sizes[i] : 1, options.prompt, sizes[i]) / steps[i];
  }
  const double best_step = least(1, 1, options.prompt, 1);
  return Json{{"model", model->config().source},
              {"device", model->device().info().description},
              {"weights", options.model.weights},
              {"precision", options.model.precision == Precision::kExact ? "exact" : "fast"},
              {"threads", model->device().info().threads},
              {"prompt_tokens", options.prompt},
              {"sequences", options.many ? "one a token" : "one"},
              {"repeats", options.repeats},
              {"tokens_per_second", 1 / steps[0]},
              {"v", v},
              {"step_seconds", step_seconds},
              {"prefill_tokens_per_second", options.prompt / prefill},
              {"first_logits_seconds", first_logits},
              {"resident_bytes", resident},
              {"resident_bytes_before", resident_before},
              {"weight_bytes_per_step", work.bytes},
              {"read_bytes_per_second", machine.read_bytes_per_second},
              {"f32_flops_per_second", machine.f32_flops_per_second},
              {"int8_ops_per_second", machine.int8_ops_per_second},
              {"bf16_flops_per_second", machine.bf16_flops_per_second},
              {"limit_tokens_per_second", 1 / best_step},
              {"attained_over_limit", best_step / steps[0]},
              {"attained_over_limit_of_step", attained},
              {"prefill_attained_over_limit", least(options.prompt, 1, options.prompt / 2.0, 1) / prefill},
              {"dispatch", model->DispatchReport()}};
}

}  // namespace retort::cli
