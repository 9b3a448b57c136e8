#include "tools/cli/lossless_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Row(const std::string& name, const std::string& value) { return fmt::format("  {:<24} {}\n", name, value); }

std::string PrecisionName(const LosslessSubject& subject) {
  return subject.target->config.precision == Precision::kExact ? "exact" : "fast";
}

/// "verify, rule lossless".
std::string StageText(const StageDescription& stage) {
  std::string text = stage.name;
  if (text != stage.uses) text += " (" + stage.uses + ")";
  if (const auto rule = stage.values.find("rule"); rule != stage.values.end()) {
    if (const auto* const name = std::get_if<std::string>(&rule->second)) text += ", rule " + *name;
  }
  return text;
}

/// Whether the stage's rule changes the text on purpose.
bool Lossy(const StageDescription& stage) {
  const auto rule = stage.values.find("rule");
  if (stage.uses != "verify" || rule == stage.values.end()) return false;
  const std::string& name = std::get<std::string>(rule->second);
  return name != "lossless" && name != "greedy";
}

std::string CellName(const Cell& cell) { return cell.place + ", " + cell.order; }

/// What must be there for a fault to show.
std::string NeedOf(InjectedFault fault) {
  switch (fault) {
    case InjectedFault::kArgmaxAsSampled:
    case InjectedFault::kResidualByPosition:
      return "drafts that are drawn (`drafter: model`, `drafting: sampled`) and a temperature above 0";
    case InjectedFault::kDraftBeforeTopP:
      return "drafts that are drawn (`drafter: model`, `drafting: sampled`), a temperature above 0 and top_p below 1";
    case InjectedFault::kNextPositionResample: return "drafts of which some are rejected";
    case InjectedFault::kNone: break;
  }
  return "";
}

std::string ForbiddenText(const LosslessFindings& f) {
  std::string text;
  for (const ForbiddenToken& token : f.forbidden) {
    text += fmt::format("  record {}, token {}: {} is {:.4g} logits below what may come\n", token.id,
                        token.position + 1, token.token, token.margin);
  }
  return text;
}

std::string WorstCells(const LosslessFindings& f) {
  std::vector<Cell> cells = f.cells;
  std::sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.fit.p_value < b.fit.p_value; });
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(3, cells.size()) && cells[i].corrected < kLosslessAlpha; ++i) {
    text += fmt::format("  {:<32} p {:<10.3g} chi-square {:.1f} of {} degrees, {} draws\n", CellName(cells[i]),
                        cells[i].fit.p_value, cells[i].fit.chi_square, cells[i].fit.freedom, cells[i].draws);
  }
  return text;
}

std::string Verdict(const LosslessFindings& f) {
  const uint64_t tokens = f.sampled_tokens + f.argmax_tokens;
  std::string text;
  if (f.lossless()) {
    text = fmt::format("Lossless, as far as {} tokens show: no test rejects the law of `{}`.\n", tokens,
                       f.subject.target->name);
    if (f.fault != InjectedFault::kNone)
      text += fmt::format("The fault was injected and did not show. It needs {}.\n", NeedOf(f.fault));
    return text;
  }
  text = fmt::format("Not lossless: the text does not have the law of `{}`.\n", f.subject.target->name) +
         ForbiddenText(f) + WorstCells(f);
  if (f.fault != InjectedFault::kNone)
    return text + "A fault was injected, and was found. Without --inject-fault the pipeline is tested as it is.\n";
  if (Lossy(*f.subject.stage)) return text + "Its rule relaxes the law; `rule: lossless` keeps it.\n";
  return text + fmt::format(
                    "The test errs once in {:.0f} times: run it with another seed. If it fails again, look at "
                    "the stages that draft and\nverify; core/design/007-speculation.md says what each kind of "
                    "draft needs.\n",
                    1 / kLosslessAlpha);
}

Json CellJson(const Cell& cell) {
  return {{"order", cell.order},           {"place", cell.place},
          {"draws", cell.draws},           {"chi_square", cell.fit.chi_square},
          {"freedom", cell.fit.freedom},   {"p_value", cell.fit.p_value},
          {"p_corrected", cell.corrected}, {"distance", cell.fit.distance}};
}

}  // namespace

const Cell* LosslessFindings::worst() const {
  const auto least = std::min_element(cells.begin(), cells.end(),
                                      [](const Cell& a, const Cell& b) { return a.fit.p_value < b.fit.p_value; });
  return least == cells.end() ? nullptr : &*least;
}

bool LosslessFindings::lossless() const {
  return forbidden_count == 0 && (worst() == nullptr || worst()->corrected >= kLosslessAlpha);
}

std::string LosslessText(const LosslessFindings& f) {
  const LosslessSubject& subject = f.subject;
  std::string out = fmt::format("{}: {}\n", f.pipeline, f.lossless() ? "lossless" : "NOT lossless");
  out += Row("target", fmt::format("{} ({}), precision {}", subject.target->name, subject.target->config.source,
                                   PrecisionName(subject)));
  out += Row("decoding stage", StageText(*subject.stage));
  out += Row("takes", subject.takes);
  out += Row("temperature", fmt::format("{:g}", subject.temperature));
  out += Row("draws", fmt::format("{} completions of {} tokens at most, {} tokens in all, seed {}", f.sequences,
                                  f.max_tokens, f.sampled_tokens + f.argmax_tokens, f.seed));
  if (f.acceptance_length > 0) {
    out += Row("mean acceptance length", fmt::format("{:.2f} tokens a step{}", f.acceptance_length,
                                                     f.acceptance_length > 1 ? "" : ": no drafted token ever stood"));
  }
  if (f.fault != InjectedFault::kNone) out += Row("injected fault", std::string(InjectedFaultName(f.fault)));
  if (f.argmax_tokens > 0)
    out += Row("tokens that are argmax", std::to_string(f.argmax_tokens - f.near_ties - f.forbidden_count));
  if (f.near_ties > 0) {
    out +=
        Row("near ties", fmt::format("{} tokens, within {:g} logits (precision fast)", f.near_ties, subject.margin()));
  }
  out += Row("tokens the law forbids", std::to_string(f.forbidden_count));
  if (const Cell* const cell = f.worst()) {
    out += Row("tests", fmt::format("{} chi-squares of randomised PITs, Holm-corrected, {:g} in all", f.cells.size(),
                                    kLosslessAlpha));
    out += Row("smallest p-value",
               fmt::format("{:.3g}, corrected {:.3g} ({})", cell->fit.p_value, cell->corrected, CellName(*cell)));
  }
  out += Row("seconds", fmt::format("{:.1f} to run, {:.1f} to check", f.run_seconds, f.check_seconds));
  return out + "\n" + Verdict(f);
}

nlohmann::ordered_json LosslessJson(const LosslessFindings& f) {
  Json cells = Json::array(), forbidden = Json::array();
  for (const Cell& cell : f.cells) cells.push_back(CellJson(cell));
  for (const ForbiddenToken& token : f.forbidden) {
    forbidden.push_back({{"record", token.id},
                         {"position", token.position},
                         {"token", token.token},
                         {"margin", std::isfinite(token.margin) ? Json(token.margin) : Json()}});
  }
  const Cell* const worst = f.worst();
  return {{"pipeline", f.pipeline},
          {"lossless", f.lossless()},
          {"target", f.subject.target->name},
          {"source", f.subject.target->config.source},
          {"precision", PrecisionName(f.subject)},
          {"stage", f.subject.stage->name},
          {"takes", f.subject.takes},
          {"temperature", f.subject.temperature},
          {"seed", f.seed},
          {"injected_fault", f.fault == InjectedFault::kNone ? Json() : Json(InjectedFaultName(f.fault))},
          {"completions", f.sequences},
          {"max_tokens", f.max_tokens},
          {"sampled_tokens", f.sampled_tokens},
          {"argmax_tokens", f.argmax_tokens},
          {"acceptance_length", f.acceptance_length > 0 ? Json(f.acceptance_length) : Json()},
          {"margin", f.subject.margin()},
          {"near_ties", f.near_ties},
          {"forbidden_tokens", f.forbidden_count},
          {"forbidden", forbidden},
          {"alpha", kLosslessAlpha},
          {"smallest_p_value", worst == nullptr ? Json() : Json(worst->fit.p_value)},
          {"smallest_p_corrected", worst == nullptr ? Json() : Json(worst->corrected)},
          {"cells", cells},
          {"run_seconds", f.run_seconds},
          {"check_seconds", f.check_seconds}};
}

std::string FaultNames() {
  std::string names;
  for (const InjectedFault fault : InjectedFaults())
    names += (names.empty() ? "" : ", ") + std::string(InjectedFaultName(fault));
  return names;
}

}  // namespace retort::cli
