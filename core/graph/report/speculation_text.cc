#include "core/graph/report/speculation_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kPlacesShown = 8;

std::string Row(const std::string& name, const std::string& value) { return fmt::format("  {:<24} {}\n", name, value); }

std::string AcceptedText(const Speculation& figures) {
  const AcceptanceCounts& all = figures.all;
  std::string text = fmt::format("{:.0f} of {:.0f} drafted tokens that were verified ({})", all.accepted_tokens,
                                 all.draft_tokens, PercentText(all.rate()));
  if (figures.left_out > 0) text += fmt::format("; {:.0f} were left out", figures.left_out);
  return text;
}

std::string PlacesText(const std::vector<PlaceCounts>& places) {
  std::string text;
  for (size_t i = 0; i < std::min(places.size(), kPlacesShown); ++i) {
    if (places[i].verified == 0) break;
    text += fmt::format("{}{:.0f}", i == 0 ? "" : ", ", 100 * places[i].rate());
  }
  return text.empty() ? text : text + " %";
}

std::string TimesText(const LoopTimes& times) {
  const double whole = std::max(times.loop, times.step + times.accept + times.draft);
  if (!(whole > 0)) return "no decoding step was timed";
  return fmt::format("steps {}, drafting {}, accepting {}, other {} of {:.3f} s; steps with prompts {:.3f} s",
                     PercentText(times.step / whole), PercentText(times.draft / whole),
                     PercentText(times.accept / whole), PercentText(times.other() / whole), times.loop, times.prompt);
}

std::string SpeedUpText(const Speculation& figures) {
  if (!figures.speed_up) return "not known: " + figures.unknown;
  const SpeedUp& up = *figures.speed_up;
  return fmt::format("{:.2f} of {:.2f} that acceptance and costs allow: attained / bound {:.3f}", up.attained(),
                     up.bound(), up.share());
}

std::string CostsText(const SpeedUp& up) {
  return fmt::format("{:.2f} tokens for a step of {:.2f} plain ones, {:.3f} of drafting, {:.3f} of all else", up.tokens,
                     up.step, up.draft, up.other);
}

Json PlacesJson(const std::vector<PlaceCounts>& places) {
  Json out = Json::array();
  for (const PlaceCounts& place : places) {
    out.push_back({{"offered", place.offered},
                   {"verified", place.verified},
                   {"accepted", place.accepted},
                   {"acceptance_rate", place.verified > 0 ? Json(place.rate()) : Json()}});
  }
  return out;
}

Json CountsJson(const AcceptanceCounts& counts) {
  Json out = {{"draft_tokens", counts.draft_tokens},
              {"accepted_tokens", counts.accepted_tokens},
              {"draft_acceptance_rate", counts.draft_tokens > 0 ? Json(counts.rate()) : Json()}};
  if (counts.drafts > 0) out["drafts"] = counts.drafts;
  if (counts.steps > 0) out["tokens_per_step"] = counts.tokens_per_step();
  if (!counts.places.empty()) out["per_position"] = PlacesJson(counts.places);
  return out;
}

Json SpeedUpJson(const Speculation& figures) {
  if (!figures.speed_up) return {{"attained", nullptr}, {"bound", nullptr}, {"unknown", figures.unknown}};
  const SpeedUp& up = *figures.speed_up;
  return {{"attained", up.attained()},    {"bound", up.bound()},  {"attained_over_bound", up.share()},
          {"tokens_per_step", up.tokens}, {"step_cost", up.step}, {"draft_cost", up.draft},
          {"other_cost", up.other}};
}

}  // namespace

std::string PercentText(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string SpeculationText(const Speculation& figures) {
  std::string out = fmt::format("speculation, verified by `{}`\n", figures.stage);
  out += Row("mean acceptance length", fmt::format("{:.2f} tokens a draft; {:.2f} a step of a sequence",
                                                   figures.mean_acceptance_length(), figures.all.tokens_per_step()));
  out += Row("accepted", AcceptedText(figures));
  if (const std::string places = PlacesText(figures.all.places); !places.empty()) out += Row("  by position", places);
  for (const AcceptanceCounts& kind : figures.kinds) {
    out += Row("  " + kind.name,
               fmt::format("{}; {:.2f} tokens a step", PercentText(kind.rate()), kind.tokens_per_step()));
  }
  for (const AcceptanceCounts& drafter : figures.drafters) {
    out += Row("  by " + drafter.name, fmt::format("{} of {:.0f}", PercentText(drafter.rate()), drafter.draft_tokens));
  }
  out += Row("target steps saved", fmt::format("{:.0f} of {:.0f}", figures.steps_saved(), figures.all.tokens));
  out += Row("time of decoding", TimesText(figures.times));
  out += Row("speed-up over plain", SpeedUpText(figures));
  if (figures.speed_up) out += Row("", CostsText(*figures.speed_up));
  return out;
}

nlohmann::ordered_json SpeculationJson(const Speculation& figures) {
  Json kinds = Json::object(), drafters = Json::object();
  for (const AcceptanceCounts& kind : figures.kinds) kinds[kind.name] = CountsJson(kind);
  for (const AcceptanceCounts& drafter : figures.drafters) drafters[drafter.name] = CountsJson(drafter);
  const LoopTimes& times = figures.times;
  Json out = CountsJson(figures.all);
  out["mean_acceptance_length"] = figures.all.drafts > 0 ? Json(figures.mean_acceptance_length()) : Json();
  out["draft_tokens_left_out"] = figures.left_out;
  out["steps_saved"] = figures.steps_saved();
  out["sequences_per_step"] = figures.sequences;
  out["seconds"] = {{"loop", times.loop},     {"step", times.step},     {"draft", times.draft},
                    {"accept", times.accept}, {"other", times.other()}, {"prompt", times.prompt}};
  out["speed_up"] = SpeedUpJson(figures);
  out["by_kind"] = kinds;
  out["by_drafter"] = drafters;
  return out;
}

}  // namespace retort
