#include "tools/cli/sparse_report.h"

#include <fmt/format.h>

namespace retort::cli {
namespace {

constexpr size_t kRowsOfRule = 8;

const char* KindName(SparsityKind kind) { return kind == SparsityKind::kCoarse ? "coarse" : "fine"; }

std::string RuleText(const SparseTrial& trial) {
  return trial.threshold ? fmt::format("{:g}", *trial.threshold) : "lossless";
}

const char* SpreadText(const SparseTrial& trial) {
  return trial.thresholds ? "uneven, thresholds" : trial.uneven ? "uneven" : "even";
}

std::string Row(const SparseTrial& trial) {
  return fmt::format("  {:<9} {:<6} {:>7.2f}  {:<18} {:>3} {:>7} {:>6.2f} {:>9.3f} {:>9.3f} {:>7.3f} {:>6.3f}\n",
                     RuleText(trial), KindName(trial.kind), trial.density, SpreadText(trial), trial.period,
                     trial.checks, trial.aal, trial.effective_density, trial.agreement, trial.speed, trial.speed_error);
}

/// The first rows of each rule, whose trials stand together.
std::string Table(const std::vector<SparseTrial>& trials) {
  std::string text =
      fmt::format("  {:<9} {:<6} {:>7}  {:<18} {:>3} {:>7} {:>6} {:>9} {:>9} {:>7} {:>6}\n", "threshold", "kind",
                  "density", "over layers", "n", "periods", "AAL", "effective", "agreement", "speed", "+-");
  size_t of_rule = 0, left_out = 0;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (i > 0 && trials[i].threshold != trials[i - 1].threshold) of_rule = 0;
    if (of_rule++ < kRowsOfRule) {
      text += Row(trials[i]);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) text += fmt::format("  and {} others; --json and --out have all\n", left_out);
  return text;
}

/// Variables of pipelines/sirius.yaml. What densities of layers and thresholds are, the profile says.
std::string Options(const SparseTrial& trial, const SparseReportNames& names) {
  std::string text = fmt::format("-s model={} -s weights={} -s sparsity={} -s density={:g} -s kernel={}", names.model,
                                 names.weights, KindName(trial.kind), trial.density, trial.period);
  text += trial.threshold ? fmt::format(" -s min_confidence=0 -s threshold={:g}", *trial.threshold)
                          : " -s min_confidence=0 -s mode=lossless";
  if (trial.uneven) text += " -s profile=" + (names.profile.empty() ? "FILE (--out)" : names.profile);
  if (trial.thresholds) text += " -s choose=threshold";
  return text;
}

std::string BestText(const SparseTrial& trial, const SparseReportNames& names) {
  const std::string rule = trial.threshold ? fmt::format("threshold {:g}", *trial.threshold) : std::string("lossless");
  if (trial.speed <= 1) {
    return fmt::format("{}: plain decoding is best; the fastest loop has {:.3f} +- {:.3f} of its speed\n", rule,
                       trial.speed, trial.speed_error);
  }
  if (!trial.pays()) {
    return fmt::format(
        "{}: no clear gain over plain decoding; the fastest loop has {:.3f} +- {:.3f} of its speed, more --seconds "
        "may tell\n",
        rule, trial.speed, trial.speed_error);
  }
  return fmt::format(
      "{}: {} at {:g}, {}, n = {}: {:.3f} +- {:.3f} of the speed of plain decoding, {:.1f} % of tokens its own "
      "choice\n  retort "
      "run pipelines/sirius.yaml {}\n",
      rule, KindName(trial.kind), trial.density, SpreadText(trial), trial.period, trial.speed, trial.speed_error,
      100 * trial.agreement, Options(trial, names));
}

}  // namespace

std::string SparseReportText(const SparseCalibration& found, const SparseReportNames& names) {
  std::string text = fmt::format(
      "{} settings over {} texts, at temperature 0 and one sequence a step; a step of plain decoding takes {:.2f} ms; "
      "each sensitivity over {} tokens\n",
      found.profile.trials.size(), found.texts, 1e3 * found.plain_seconds, found.sensitivity_tokens);
  text += Table(found.profile.trials);
  if (found.untried > 0)
    text += fmt::format("{} settings were not tried: the time was spent; give more --seconds\n", found.untried);
  bool pays = false;
  for (const SparseTrial& best : found.profile.best) {
    text += BestText(best, names);
    pays = pays || best.pays();
  }
  if (!pays) text += "Nothing here shows that sparsity pays: decode with all neurons on this machine.\n";
  return text;
}

nlohmann::ordered_json SparseReportJson(const SparseCalibration& found, const SparseReportNames& names) {
  nlohmann::ordered_json trials = nlohmann::ordered_json::array(), best = trials;
  for (const SparseTrial& trial : found.profile.trials) trials.push_back(TrialJson(trial));
  for (const SparseTrial& trial : found.profile.best) {
    best.push_back(TrialJson(trial));
    best.back()["pays"] = trial.pays();
    best.back()["options"] = Options(trial, names);
  }
  return {{"model", names.model},
          {"weights", names.weights},
          {"texts", found.texts},
          {"plain_step_seconds", found.plain_seconds},
          {"sensitivity_tokens", found.sensitivity_tokens},
          {"untried", found.untried},
          {"trials", trials},
          {"best", best}};
}

}  // namespace retort::cli
