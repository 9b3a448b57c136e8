#include "core/decode/sparse_calibration.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/decode/sparse_trials.h"
#include "core/model/gate_magnitudes.h"
#include "core/model/sparse_sensitivity.h"

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSensitivityShare = 0.35;  // of the time
constexpr size_t kTokensAtOnce = 4;         // of each text, for the sensitivities

std::vector<double> ThresholdDensities() {
  std::vector<double> densities = {0.01, 0.02};
  for (int i = 1; i < 20; ++i) densities.push_back(i * 0.05);
  return densities;
}

class Calibration {
 public:
  Calibration(Model& model, const SparseCalibrationOptions& options) : model_(model), options_(options) {}

  Result<SparseCalibration> Run(std::span<const std::vector<int32_t>> prompts) {
    SparseProfile& profile = result_.profile;
    profile.made_for = {.fingerprint = model_.Fingerprint(), .layers = model_.hyper().layers};
    profile.neurons = model_.hyper().ffn;
    profile.densities = options_.layer_densities;
    RETORT_RETURN_IF_ERROR(Prepare());
    RETORT_RETURN_IF_ERROR(WriteAndWatch(prompts));
    RETORT_RETURN_IF_ERROR(MeasureLayers());
    RETORT_RETURN_IF_ERROR(Compete());
    return std::move(result_);
  }

 private:
  double Seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void Tell(const std::string& what) const {
    if (options_.progress) options_.progress(what);
  }

  /// Before any sequence: those that begin later ask about their neurons.
  Status Prepare() {
    Tell("packing weights by neuron");
    for (const SparsityKind kind : options_.kinds) {
      const Sparsity sparsity = Sparsity::Even(kind, 0.5, 0, 0, model_.hyper().layers);
      RETORT_RETURN_IF_ERROR(model_.Prepare({LayerChoice::All(model_.hyper().layers), sparsity}));
    }
    start_ = Clock::now();
    return {};
  }

  Status WriteAndWatch(std::span<const std::vector<int32_t>> prompts) {
    Tell("writing texts");
    GateMagnitudes gates(model_.hyper().layers);
    RETORT_RETURN_IF_ERROR(model_.WatchGates(&gates));
    auto texts = WriteTexts(model_, prompts, options_.tokens);
    RETORT_RETURN_IF_ERROR(model_.WatchGates(nullptr));
    if (!texts.ok()) return texts.status();
    texts_ = *std::move(texts);
    result_.texts = texts_.size();
    SparseProfile& profile = result_.profile;
    profile.threshold_densities = ThresholdDensities();
    for (int32_t layer = 0; layer < gates.layers(); ++layer) {
      std::vector<double>& of = profile.thresholds.emplace_back();
      for (const double density : profile.threshold_densities)
        of.push_back(static_cast<double>(gates.Threshold(layer, density)));
    }
    return {};
  }

  /// Some tokens of every text for all kinds, then the next ones, while they are likely to fit into the share of time.
  Status MeasureLayers() {
    std::vector<LayerSensitivity> kinds;
    for (const SparsityKind kind : options_.kinds) kinds.emplace_back(model_, kind, options_.layer_densities);
    const double begin = Seconds();
    const auto tokens = static_cast<size_t>(options_.tokens);
    for (size_t first = 0; first < tokens; first += kTokensAtOnce) {
      const double spent = Seconds();
      const double round = first == 0 ? 0 : (spent - begin) * kTokensAtOnce / static_cast<double>(first);
      if (first > 0 && spent + round > kSensitivityShare * options_.seconds) break;
      Tell("sensitivity of layers, tokens from " + std::to_string(first) + " of " + std::to_string(tokens));
      for (LayerSensitivity& kind : kinds) RETORT_RETURN_IF_ERROR(kind.Add(texts_, first, kTokensAtOnce));
    }
    for (size_t i = 0; i < kinds.size(); ++i) {
      const bool coarse = options_.kinds[i] == SparsityKind::kCoarse;
      (coarse ? result_.profile.coarse : result_.profile.fine) = kinds[i].Means();
    }
    result_.sensitivity_tokens = kinds.empty() ? 0 : kinds.front().tokens();
    return {};
  }

  Status Compete() {
    RETORT_ASSIGN_OR_RETURN(SparseTrials trials, SparseTrials::Create(model_, result_.profile, options_));
    for (size_t round = 0; round < texts_.size() && Seconds() < options_.seconds; ++round) {
      const auto more = [&](size_t done, size_t of) {
        Tell("settings on text " + std::to_string(round + 1) + " of " + std::to_string(texts_.size()) + ": " +
             std::to_string(done) + " of " + std::to_string(of));
        return Seconds() < options_.seconds;
      };
      RETORT_ASSIGN_OR_RETURN(const bool complete, trials.RunOn(texts_[round], more));
      if (!complete) break;
      if (round + 1 < texts_.size()) trials.LeaveSlowerHalf();
    }
    trials.Report(&result_.profile);
    result_.untried = trials.untried();
    result_.plain_seconds = trials.plain_seconds();
    return {};
  }

  Model& model_;
  const SparseCalibrationOptions& options_;
  Clock::time_point start_;
  std::vector<WrittenText> texts_;
  SparseCalibration result_;
};

}  // namespace

SparseCalibrationOptions SparseCalibrationOptions::Quick() {
  SparseCalibrationOptions options;
  options.densities = {0.5, 0.7};
  options.layer_densities = {0.3, 0.5, 0.75};
  options.periods = {2, 4, 8};
  options.rules = {std::nullopt, 0.1};
  options.seconds = 60;
  return options;
}

Result<SparseCalibration> CalibrateSparsity(Model& model, std::span<const std::vector<int32_t>> prompts,
                                            const SparseCalibrationOptions& options) {
  return Calibration(model, options).Run(prompts);
}

}  // namespace retort
