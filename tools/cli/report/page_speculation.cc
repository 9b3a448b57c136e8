#include "tools/cli/report/page_speculation.h"

#include <fmt/format.h>

#include "core/graph/report/length_curve.h"
#include "core/graph/report/speculation_text.h"
#include "tools/cli/report/chart.h"
#include "tools/cli/report/html.h"

namespace retort::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Tiles(const Speculation& figures) {
  std::string out = "<ul class=\"tiles\">\n";
  out += HtmlTile(fmt::format("{:.2f}", figures.mean_acceptance_length()), "mean acceptance length");
  out += HtmlTile(PercentText(figures.all.rate()), "of drafted tokens accepted");
  out += HtmlTile(fmt::format("{:.0f} of {:.0f}", figures.steps_saved(), figures.all.tokens), "target steps saved");
  if (figures.speed_up) {
    out += HtmlTile(fmt::format("{:.2f} \u00d7", figures.speed_up->attained()), "speed-up over plain steps");
    out += HtmlTile(fmt::format("{:.2f} \u00d7", figures.speed_up->bound()), "bound by acceptance and costs");
    out += HtmlTile(fmt::format("{:.3f}", figures.speed_up->share()), "attained / bound");
  }
  out += "</ul>\n";
  if (!figures.speed_up) out += "<p>The speed-up is not known: " + HtmlText(figures.unknown) + ".</p>\n";
  return out;
}

std::string Counts(const std::string& what, const AcceptanceCounts& all, const std::vector<AcceptanceCounts>& parts) {
  Rows rows;
  const auto add = [&](const std::string& name, const AcceptanceCounts& counts) {
    rows.push_back({HtmlText(name), fmt::format("{:.0f}", counts.draft_tokens),
                    fmt::format("{:.0f}", counts.accepted_tokens),
                    counts.draft_tokens > 0 ? PercentText(counts.rate()) : "-",
                    counts.steps > 0 ? fmt::format("{:.2f}", counts.tokens_per_step()) : "-"});
  };
  for (const AcceptanceCounts& part : parts) add(part.name, part);
  add("all", all);
  return HtmlTable({what, "tokens verified", "accepted", "rate", "tokens a step"}, rows);
}

std::string Times(const Speculation& figures) {
  const LoopTimes& times = figures.times;
  const double whole = times.loop > 0 ? times.loop : 1;
  Rows rows;
  const auto add = [&](const char* name, double seconds) {
    rows.push_back({name, fmt::format("{:.3f}", seconds), PercentText(seconds / whole)});
  };
  add("steps of the target", times.step);
  add("drafting", times.draft);
  add("accepting, in the verifier", times.accept);
  add("other: queues, scheduling, waiting", times.other());
  add("decoding loop", times.loop);
  return HtmlTable({"time of decoding", "seconds", "share"}, rows) +
         fmt::format("<p class=\"faint\">Steps in which a prompt was run are apart: {:.3f} s.</p>\n", times.prompt);
}

std::string PlacesChart(const Speculation& figures) {
  Chart chart{"Share of drafts accepted up to each position", "position in the draft", "accepted", {}, 100, " %"};
  const auto add = [&](const std::string& name, const std::vector<PlaceCounts>& places) {
    ChartLine line{name, {}, false};
    for (size_t i = 0; i < places.size() && places[i].verified > 0; ++i)
      line.points.push_back({static_cast<double>(i + 1), places[i].rate()});
    chart.lines.push_back(std::move(line));
  };
  add("all", figures.all.places);
  for (size_t i = 0; i < figures.kinds.size() && i < 7; ++i) add(figures.kinds[i].name, figures.kinds[i].places);
  return SvgChart(chart);
}

std::string LengthChart(const Speculation& figures) {
  const LengthCurve curve = CurveByLength(figures);
  if (!curve.unknown.empty()) return "<p>Speed by length is not known: " + HtmlText(curve.unknown) + ".</p>\n";
  Chart chart{"Tokens a second of decoding that each fixed length would give, by this run's acceptance and times",
              "drafted tokens verified a step",
              "tokens/s",
              {},
              1,
              ""};
  ChartLine predicted{"predicted, without overhead", {}, false};
  for (const LengthCurve::Point& point : curve.points)
    predicted.points.push_back({point.length, point.tokens_per_second});
  chart.lines = {std::move(predicted),
                 {"attained, at the mean length", {{curve.attained.length, curve.attained.tokens_per_second}}, true}};
  return SvgChart(chart);
}

}  // namespace

std::string SpeculationHtml(const Speculation& figures) {
  std::string body = Tiles(figures) + Times(figures);
  if (figures.speed_up) {
    const SpeedUp& up = *figures.speed_up;
    body += fmt::format(
        "<p>A step gave a sequence {:.2f} tokens. It took {:.2f} plain steps, drafting {:.3f}, all else "
        "{:.3f}; {:.1f} sequences shared a step.</p>\n",
        up.tokens, up.step, up.draft, up.other, figures.sequences);
  }
  body += Counts("by kind of record", figures.all, figures.kinds) + PlacesChart(figures);
  body += Counts("by drafter", figures.all, figures.drafters) + LengthChart(figures);
  return HtmlSection("Speculation, verified by " + figures.stage, body);
}

std::string RecordHtml(const WatchedRecord& record) {
  const Explanation& explanation = record.explanation;
  std::string text, legend = fmt::format("<li>target: {} tokens in {} steps</li>\n", explanation.target_tokens(),
                                         explanation.steps.size());
  for (size_t i = 0; i < explanation.drafters.size(); ++i) {
    legend += fmt::format("<li><span class=\"swatch colour{}\"></span>{}: {} tokens</li>\n", i % 8,
                          HtmlText(explanation.drafters[i]), explanation.drafted_tokens(i));
  }
  for (const ExplainedStep& step : explanation.steps) {
    for (size_t i = 0; i < step.pieces.size(); ++i) {
      const TextPiece& piece = step.pieces[i];
      if (i + 1 == step.pieces.size() && step.rejected_tokens > 0) text += "<del>" + HtmlText(step.rejected) + "</del>";
      text += piece.drafter == TextPiece::kTarget
                  ? HtmlText(piece.text)
                  : fmt::format("<b class=\"colour{}\">{}</b>", piece.drafter % 8, HtmlText(piece.text));
    }
  }
  const std::string kind = record.kind.empty() ? "" : " (" + record.kind + ")";
  return fmt::format(
      "<article class=\"record\">\n<h3>{}</h3>\n<p class=\"text faint\">{}</p>\n<p class=\"text\">{}</p>\n"
      "<ul class=\"legend\">\n{}</ul>\n</article>\n",
      HtmlText(explanation.id + kind), HtmlText(record.asked), text, legend);
}

}  // namespace retort::cli
