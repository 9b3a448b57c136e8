#include "plugins/shared/verifying/verify_metrics.h"

#include <algorithm>
#include <utility>

namespace retort_stages {
namespace {

using retort::sdk::Context;

constexpr size_t kExactSizes = 64, kLargestSize = 1 << 20;
constexpr std::string_view kOtherKinds = "other kinds";

std::string Join(std::string_view prefix, std::string_view rest) {
  return std::string(prefix).append("/").append(rest);
}

double Seconds(VerifyMetrics::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

size_t TreeLevels(std::span<const int32_t> parents) {
  thread_local std::vector<size_t> levels;
  levels.clear();
  size_t deepest = 0;
  for (const int32_t parent : parents) {
    levels.push_back(parent < 0 ? 1 : levels[static_cast<size_t>(parent)] + 1);
    deepest = std::max(deepest, levels.back());
  }
  return deepest;
}

NamesBySize::NamesBySize(std::string_view prefix) {
  size_t first = 0;  // size 0 has a name too
  const auto add = [&](size_t end) {
    const std::string from = std::to_string(first);
    first_.push_back(first);
    names_.push_back(Join(prefix, end == first + 1 ? from : from + "-" + std::to_string(end - 1)));
    first = end;
  };
  while (first <= kExactSizes) add(first + 1);
  for (size_t octave = kExactSizes; octave < kLargestSize; octave *= 2) {
    for (size_t eighth = 1; eighth <= 8; ++eighth) add(octave + octave * eighth / 8 + 1);
  }
}

const std::string& NamesBySize::Of(size_t size) const {
  if (size <= kExactSizes) return names_[size];
  const auto after = std::upper_bound(first_.begin(), first_.end(), size);
  return names_[static_cast<size_t>(after - first_.begin()) - 1];
}

PlaceCounts::PlaceCounts(std::string_view prefix, size_t places, std::string_view of) : counts_(places) {
  for (size_t place = 0; place < places; ++place) {
    const std::string name = Join(prefix, std::to_string(place));
    names_.push_back(of.empty() ? name : Join(name, of));
  }
}

void PlaceCounts::Add(size_t count) {
  const size_t places = std::min(count, counts_.size());
  for (size_t place = 0; place < places; ++place) ++counts_[place];
  used_ = std::max(used_, places);
}

void PlaceCounts::Report(Context& context) {
  for (size_t place = 0; place < used_; ++place) {
    context.Count(names_[place], counts_[place]);
    counts_[place] = 0;
  }
  used_ = 0;
}

VerifyMetrics::Drafter::Drafter(std::string_view name)
    : drafts(Join("drafts", name)),
      draft_tokens(Join("draft_tokens", name)),
      accepted_tokens(Join("accepted_tokens", name)) {}

VerifyMetrics::Kind::Kind(std::string_view name)
    : acceptance_length(Join("acceptance_length", name)),
      draft_tokens(Join("draft_tokens_of_kind", name)),
      accepted_tokens(Join("accepted_tokens_of_kind", name)),
      verified_places("draft_tokens_per_pos_of_kind", kPlacesOfKind, name),
      accepted_places("accepted_tokens_per_pos_of_kind", kPlacesOfKind, name) {}

void VerifyMetrics::Tally::Add(const VerifiedDraft& draft) {
  if (draft.tokens > 0) ++drafts;
  draft_tokens += static_cast<double>(draft.tokens);
  accepted_tokens += static_cast<double>(draft.accepted);
}

VerifyMetrics::Drafter& VerifyMetrics::DrafterOf(std::string_view name) {
  const auto found = drafters_.find(name);
  return found != drafters_.end() ? found->second : drafters_.try_emplace(std::string(name), name).first->second;
}

// Records name their kinds, so there may be any number of them.
VerifyMetrics::Kind& VerifyMetrics::KindOf(std::string_view name) {
  auto found = kinds_.find(name);
  if (found == kinds_.end() && kinds_.size() >= kKinds) found = kinds_.find(name = kOtherKinds);
  return found != kinds_.end() ? found->second : kinds_.try_emplace(std::string(name), name).first->second;
}

void VerifyMetrics::Step(size_t rows, double seconds) {
  rows_ = rows;
  forward_seconds_ = seconds;
}

void VerifyMetrics::Draft(Context& context, const VerifiedDraft& draft) {
  committed_ += static_cast<double>(draft.committed);
  if (draft.offered > draft.tokens) left_out_ += static_cast<double>(draft.offered - draft.tokens);
  all_.Add(draft);
  offered_places_.Add(draft.offered_levels);
  verified_places_.Add(draft.levels);
  accepted_places_.Add(draft.accepted);
  if (draft.tokens > 0) DrafterOf(draft.drafter).tally.Add(draft);
  context.Sample("acceptance_length", static_cast<double>(draft.committed));
  if (draft.kind.empty()) return;
  Kind& kind = KindOf(draft.kind);
  kind.tally.Add(draft);
  kind.verified_places.Add(draft.levels);
  kind.accepted_places.Add(draft.accepted);
  context.Sample(kind.acceptance_length, static_cast<double>(draft.committed));
}

void VerifyMetrics::End(Context& context, size_t sequences, bool prompt, bool live) {
  const Clock::time_point now = Clock::now();
  ReportTimes(context, sequences, prompt, now);
  ReportDrafts(context);
  left_.reset();
  if (live) left_ = now;
}

void VerifyMetrics::ReportTimes(Context& context, size_t sequences, bool prompt, Clock::time_point now) const {
  context.Count("steps");
  const double loop = Seconds(now - left_.value_or(began_));
  if (prompt) return context.Count("prompt_seconds", loop);
  context.Count("loop_seconds", loop);
  context.Count("accept_seconds", Seconds(now - began_) - forward_seconds_);
  context.Sample(step_seconds_.Of(rows_), forward_seconds_);
  context.Sample(decoded_tokens_.Of(sequences), committed_);
}

void VerifyMetrics::ReportDrafts(Context& context) {
  context.Count("tokens_generated", std::exchange(committed_, 0));
  if (left_out_ > 0) context.Count("draft_tokens_left_out", std::exchange(left_out_, 0));
  const auto report = [&](Tally& tally, const std::string& drafted, const std::string& accepted) {
    context.Count(drafted, tally.draft_tokens);
    context.Count(accepted, tally.accepted_tokens);
    tally = {};
  };
  context.Count("drafts", all_.drafts);
  report(all_, "draft_tokens", "accepted_tokens");
  for (auto& [name, drafter] : drafters_) {
    if (drafter.tally.drafts == 0) continue;
    context.Count(drafter.drafts, drafter.tally.drafts);
    report(drafter.tally, drafter.draft_tokens, drafter.accepted_tokens);
  }
  for (PlaceCounts* places : {&offered_places_, &verified_places_, &accepted_places_}) places->Report(context);
  for (auto& [name, kind] : kinds_) {
    if (kind.tally.drafts == 0) continue;
    report(kind.tally, kind.draft_tokens, kind.accepted_tokens);
    kind.verified_places.Report(context);
    kind.accepted_places.Report(context);
  }
}

}  // namespace retort_stages
