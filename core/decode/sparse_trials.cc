#include "core/decode/sparse_trials.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/random.h"
#include "core/model/part_density.h"
#include "core/model/sparse_densities.h"

namespace retort {
namespace {

constexpr std::ptrdiff_t kLeastLeft = 2;
constexpr double kPatience = 1.5;
// Of a median of normal values, by their median distance from it: sqrt(pi / 2) * 1.4826.
constexpr double kMedianError = 1.858;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One way to choose neurons.
struct Choice {
  SparseTrial trial;
  Sparsity sparsity;
};

Result<std::vector<Choice>> ChoicesOf(const SparseProfile& profile, const SparseCalibrationOptions& options) {
  std::vector<Choice> choices;
  for (const SparsityKind kind : options.kinds) {
    for (const double density : options.densities) {
      SparseTrial trial{.kind = kind, .density = density};
      choices.push_back({trial, Sparsity::Even(kind, density, 0, 0, profile.made_for.layers)});
      trial.uneven = true;
      for (const bool thresholds : {false, true}) {
        if (thresholds && kind != SparsityKind::kFine) continue;
        trial.thresholds = thresholds;
        RETORT_ASSIGN_OR_RETURN(Sparsity sparsity,
                                SparsityFrom(profile, {.kind = kind, .density = density, .by_threshold = thresholds}));
        // Below the densities that layers were tried at all are alike.
        if (sparsity.density != choices.back().sparsity.density || thresholds)
          choices.push_back({trial, std::move(sparsity)});
      }
    }
  }
  return choices;
}

std::vector<size_t> OrderOfChance(size_t count, uint64_t round) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto key = [round](size_t i) {
    return RandomBits({0, 0, HashName("sparse trials"), i, static_cast<uint32_t>(round)});
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  return order;
}

}  // namespace

Result<SparseTrials> SparseTrials::Create(Model& model, const SparseProfile& profile,
                                          const SparseCalibrationOptions& options) {
  SparseTrials trials(model, options.trial_tokens);
  RETORT_ASSIGN_OR_RETURN(const std::vector<Choice> choices, ChoicesOf(profile, options));
  for (const Choice& choice : choices) {
    for (const int32_t period : options.periods) {
      for (const std::optional<double>& threshold : options.rules) {
        Entry entry{choice.trial, choice.sparsity};
        entry.trial.period = period;
        entry.trial.threshold = threshold;
        trials.entries_.push_back(std::move(entry));
      }
    }
  }
  return trials;
}

Result<bool> SparseTrials::RunOn(const WrittenText& text, const std::function<bool(size_t, size_t)>& more) {
  std::vector<size_t> order = OrderOfChance(entries_.size(), rounds_++);
  std::erase_if(order, [&](size_t i) { return !entries_[i].left; });
  for (size_t done = 0; done < order.size(); ++done) {
    if (!more(done, order.size())) return false;
    RETORT_RETURN_IF_ERROR(RunOne(text, &entries_[order[done]]));
  }
  return true;
}

Status SparseTrials::RunOne(const WrittenText& text, Entry* entry) {
  std::unique_ptr<KvSequence> kv = text.kv->Fork();
  RETORT_RETURN_IF_ERROR(kv->Truncate(text.prompt));
  RETORT_ASSIGN_OR_RETURN(SiriusLoop loop,
                          SiriusLoop::Begin(model_, std::move(kv), text.tokens[text.prompt],
                                            {entry->sparsity, entry->trial.period, entry->trial.threshold}));
  double kept = 0, cost = 0;  // tokens; steps of plain decoding
  while (kept < tokens_ && cost < kPatience * tokens_ && !loop.ended()) {
    RETORT_ASSIGN_OR_RETURN(const double plain, loop.TimePlainStep());
    RETORT_ASSIGN_OR_RETURN(const SiriusCheck check, loop.Run());
    entry->plain.push_back(plain);
    entry->kept.push_back(check.kept);
    entry->cost.push_back(check.seconds / plain);
    entry->agreed += check.agreed;
    kept += check.kept;
    cost += entry->cost.back();
  }
  return {};
}

SparseTrial SparseTrials::Figures(const Entry& entry) const {
  SparseTrial trial = entry.trial;
  trial.checks = static_cast<int64_t>(entry.kept.size());
  if (trial.checks == 0) return trial;
  const auto checks = static_cast<double>(trial.checks);
  const double kept = std::accumulate(entry.kept.begin(), entry.kept.end(), 0.0);
  trial.aal = kept / checks;
  const double step = PartDensity(model_.hyper(), {LayerChoice::All(model_.hyper().layers), entry.sparsity});
  trial.effective_density = ((trial.period - 1) * step + 1) / trial.aal;
  trial.agreement = static_cast<double>(entry.agreed) / kept;
  // The median: a step that the machine interrupted says nothing of the setting.
  const double cost = Median(entry.cost);
  trial.speed = trial.aal / cost;
  if (trial.checks == 1) {
    trial.speed_error = trial.speed;  // not known
    return trial;
  }
  double squares = 0;
  std::vector<double> distances;
  for (const double each : entry.kept) squares += (each - trial.aal) * (each - trial.aal);
  for (const double each : entry.cost) distances.push_back(std::abs(each - cost));
  const double aal_error = std::sqrt(squares / (checks - 1) / checks) / trial.aal;
  const double cost_error = kMedianError * Median(std::move(distances)) / std::sqrt(checks) / cost;
  trial.speed_error = trial.speed * std::hypot(aal_error, cost_error);
  return trial;
}

std::vector<size_t> SparseTrials::Ranked() const {
  std::vector<std::pair<SparseTrial, size_t>> rated;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].kept.empty()) rated.emplace_back(Figures(entries_[i]), i);
  }
  std::stable_sort(rated.begin(), rated.end(), [&](const auto& a, const auto& b) {
    if (a.first.threshold != b.first.threshold) return a.first.threshold < b.first.threshold;
    const bool a_left = entries_[a.second].left, b_left = entries_[b.second].left;
    return a_left != b_left ? a_left : a.first.speed > b.first.speed;
  });
  std::vector<size_t> ranked;
  for (const auto& [trial, index] : rated) ranked.push_back(index);
  return ranked;
}

void SparseTrials::LeaveSlowerHalf() {
  std::vector<size_t> ranked = Ranked();
  std::erase_if(ranked, [&](size_t index) { return !entries_[index].left; });
  const auto rule = [&](size_t index) { return entries_[index].trial.threshold; };
  for (auto begin = ranked.begin(); begin != ranked.end();) {
    const auto end = std::find_if(begin, ranked.end(), [&](size_t index) { return rule(index) != rule(*begin); });
    const auto count = end - begin;
    for (auto it = begin + std::min(count, std::max(kLeastLeft, (count + 1) / 2)); it != end; ++it)
      entries_[*it].left = false;
    begin = end;
  }
}

size_t SparseTrials::untried() const {
  return static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.kept.empty(); }));
}

double SparseTrials::plain_seconds() const {
  std::vector<double> all;
  for (const Entry& entry : entries_) all.insert(all.end(), entry.plain.begin(), entry.plain.end());
  return Median(std::move(all));
}

void SparseTrials::Report(SparseProfile* profile) const {
  for (const size_t index : Ranked()) {
    const SparseTrial trial = Figures(entries_[index]);
    profile->trials.push_back(trial);
    if (profile->best.empty() || profile->best.back().threshold != trial.threshold) profile->best.push_back(trial);
  }
}

}  // namespace retort
