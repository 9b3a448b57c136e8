#include "core/graph/report/speculation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/graph/report/metric_names.h"

namespace retort {
namespace {

using Counters = std::map<std::string, double>;
constexpr const char* kLength = "acceptance_length";
constexpr double kFewestSteps = 8;  // from which a time of a plain step is taken

PlaceCounts& PlaceAt(std::vector<PlaceCounts>& places, size_t place) {
  if (places.size() <= place) places.resize(place + 1);
  return places[place];
}

void SetPlaces(const Counters& counters, std::string_view prefix, double PlaceCounts::*member,
               std::vector<PlaceCounts>* places) {
  ForEachMetric(counters, prefix, [&](std::string_view rest, double count) {
    std::string_view more;
    const std::optional<size_t> place = LeadingNumber(rest, &more);
    if (place && more.empty()) PlaceAt(*places, *place).*member = count;
  });
}

AcceptanceCounts AllOf(const StageStats& stats) {
  AcceptanceCounts all;
  all.drafts = CounterOr0(stats.counters, "drafts");
  all.draft_tokens = CounterOr0(stats.counters, "draft_tokens");
  all.accepted_tokens = CounterOr0(stats.counters, "accepted_tokens");
  const StageStats::Distribution& length = stats.samples.at(kLength);
  all.steps = static_cast<double>(length.count);
  all.tokens = length.sum;
  SetPlaces(stats.counters, "draft_tokens_offered_per_pos", &PlaceCounts::offered, &all.places);
  SetPlaces(stats.counters, "draft_tokens_per_pos", &PlaceCounts::verified, &all.places);
  SetPlaces(stats.counters, "accepted_tokens_per_pos", &PlaceCounts::accepted, &all.places);
  return all;
}

/// Counters "PREFIX/PLACE/KIND".
void SetKindPlaces(const Counters& counters, std::string_view prefix, double PlaceCounts::*member,
                   std::map<std::string, AcceptanceCounts, std::less<>>* kinds) {
  ForEachMetric(counters, prefix, [&](std::string_view rest, double count) {
    std::string_view more;
    const std::optional<size_t> place = LeadingNumber(rest, &more);
    if (!place || !more.starts_with('/')) return;
    const auto kind = kinds->find(more.substr(1));
    if (kind != kinds->end()) PlaceAt(kind->second.places, *place).*member = count;
  });
}

std::vector<AcceptanceCounts> KindsOf(const StageStats& stats) {
  std::map<std::string, AcceptanceCounts, std::less<>> kinds;
  ForEachMetric(stats.samples, kLength, [&](std::string_view name, const StageStats::Distribution& length) {
    AcceptanceCounts& kind = kinds[std::string(name)];
    kind.name = name;
    kind.steps = static_cast<double>(length.count);
    kind.tokens = length.sum;
    kind.draft_tokens = CounterOr0(stats.counters, "draft_tokens_of_kind/" + kind.name);
    kind.accepted_tokens = CounterOr0(stats.counters, "accepted_tokens_of_kind/" + kind.name);
  });
  SetKindPlaces(stats.counters, "draft_tokens_per_pos_of_kind", &PlaceCounts::verified, &kinds);
  SetKindPlaces(stats.counters, "accepted_tokens_per_pos_of_kind", &PlaceCounts::accepted, &kinds);
  std::vector<AcceptanceCounts> out;
  for (auto& [name, kind] : kinds) out.push_back(std::move(kind));
  return out;
}

std::vector<AcceptanceCounts> DraftersOf(const StageStats& stats) {
  std::vector<AcceptanceCounts> out;
  ForEachMetric(stats.counters, "drafts", [&](std::string_view name, double drafts) {
    AcceptanceCounts drafter;
    drafter.name = name;
    drafter.drafts = drafts;
    drafter.draft_tokens = CounterOr0(stats.counters, "draft_tokens/" + drafter.name);
    drafter.accepted_tokens = CounterOr0(stats.counters, "accepted_tokens/" + drafter.name);
    out.push_back(std::move(drafter));
  });
  return out;
}

/// Other stages of the cycles that `stage` is on.
std::vector<std::string> OthersOnCycle(const PipelineDescription& pipeline, const std::string& stage) {
  std::set<std::string> others;
  for (const std::vector<size_t>& cycle : FindCycles(pipeline)) {
    std::set<std::string> names;
    for (const size_t i : cycle) names.insert(pipeline.stages[i].name);
    if (names.erase(stage) > 0) others.merge(names);
  }
  return {others.begin(), others.end()};
}

/// What a stage tells of its drafting, or all that it did where it does not tell.
double DraftSeconds(const StageStats& stats) {
  const bool tells = stats.counters.contains("draft_seconds") || stats.counters.contains("prompt_draft_seconds");
  return tells ? CounterOr0(stats.counters, "draft_seconds") : stats.busy_seconds;
}

/// Steps with S sequences each, which plain decoding would take T(S) for; T is that of the run's own steps of S rows.
void Compare(const StageStats& stats, Speculation* of) {
  double plain = 0, plain_steps = 0, steps = 0, sequence_steps = 0;
  ForEachMetric(stats.samples, "decoded_tokens", [&](std::string_view size, const StageStats::Distribution& tokens) {
    const std::optional<double> sequences = SizeOf(size);
    if (!sequences || *sequences <= 0) return;
    const auto count = static_cast<double>(tokens.count);
    steps += count;
    sequence_steps += count * *sequences;
    of->decoded_tokens += tokens.sum;
    const std::optional<double> seconds = of->step_times.Seconds(*sequences);
    const double seen = of->step_times.Seen(*sequences);
    if (of->unknown.empty() && (!seconds || seen < kFewestSteps)) {
      of->unknown = fmt::format("{:.0f} step{} of about {} row{} {} run, too few to time a plain step", seen,
                                seen == 1 ? "" : "s", size, *sequences == 1 ? "" : "s", seen == 1 ? "was" : "were");
    }
    plain += tokens.sum * seconds.value_or(0) / *sequences;
    plain_steps += count * seconds.value_or(0);
  });
  if (steps > 0) of->sequences = sequence_steps / steps;
  if (steps == 0) of->unknown = "no decoding step was timed";
  if (!of->unknown.empty() || !(plain_steps > 0)) return;
  const LoopTimes& times = of->times;
  of->speed_up = {plain / plain_steps, times.step / plain_steps, times.draft / plain_steps,
                  (times.loop - times.step - times.draft) / plain_steps};
}

Speculation Of(const PipelineDescription& pipeline, const RunReport& report, const std::string& stage) {
  const StageStats& stats = report.stages.at(stage);
  Speculation of;
  of.stage = stage;
  of.drafting_stages = OthersOnCycle(pipeline, stage);
  of.step_times = StepTimes(stats);
  of.all = AllOf(stats);
  of.kinds = KindsOf(stats);
  of.drafters = DraftersOf(stats);
  of.left_out = CounterOr0(stats.counters, "draft_tokens_left_out");
  double levels = 0;
  for (const PlaceCounts& place : of.all.places) levels += place.verified;
  of.trees = levels < of.all.draft_tokens;
  of.times.loop = CounterOr0(stats.counters, "loop_seconds");
  of.times.step = of.step_times.total_seconds();
  of.times.accept = CounterOr0(stats.counters, "accept_seconds");
  of.times.prompt = CounterOr0(stats.counters, "prompt_seconds");
  for (const std::string& other : of.drafting_stages) {
    if (const auto found = report.stages.find(other); found != report.stages.end())
      of.times.draft += DraftSeconds(found->second);
  }
  Compare(stats, &of);
  return of;
}

}  // namespace

std::vector<Speculation> FindSpeculation(const PipelineDescription& pipeline, const RunReport& report) {
  std::vector<Speculation> found;
  for (const StageDescription& stage : pipeline.stages) {
    const auto stats = report.stages.find(stage.name);
    if (stats != report.stages.end() && stats->second.samples.contains(kLength))
      found.push_back(Of(pipeline, report, stage.name));
  }
  return found;
}

}  // namespace retort
