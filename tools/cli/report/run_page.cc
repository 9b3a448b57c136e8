#include "tools/cli/report/run_page.h"

#include <fmt/format.h>

#include <fstream>

#include "core/graph/plan.h"
#include "core/model/new_file.h"
#include "tools/cli/report/graph_drawing.h"
#include "tools/cli/report/html.h"
#include "tools/cli/report/page_speculation.h"
#include "tools/cli/report/page_style.h"

namespace retort::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Overview(const RunPage& page) {
  const RunReport& report = *page.report;
  const uint64_t tokens = GeneratedTokens(report);
  std::string out = "<ul class=\"tiles\">\n" + HtmlTile(std::to_string(report.completed), "records done") +
                    HtmlTile(std::to_string(report.failed), "failed") +
                    HtmlTile(fmt::format("{:.2f} s", report.seconds), "wall time");
  if (report.skipped > 0) out += HtmlTile(std::to_string(report.skipped), "skipped");
  if (report.cancelled > 0) out += HtmlTile(std::to_string(report.cancelled), "not finished");
  if (tokens > 0 && report.seconds > 0) {
    out += HtmlTile(std::to_string(tokens), "tokens generated") +
           HtmlTile(fmt::format("{:.1f}", static_cast<double>(tokens) / report.seconds), "tokens/s, prompts included");
  }
  out += "</ul>\n";
  if (!report.status.ok()) out += "<p>Ended early: " + HtmlText(report.status.message()) + "</p>\n";
  return out;
}

std::string What(const RunPage& page) {
  Rows variables, models;
  for (const auto& [name, value] : page.pipeline->variables) variables.push_back({HtmlText(name), HtmlText(value)});
  for (const ModelFacts& model : page.models) {
    models.push_back({HtmlText(model.name), HtmlText(model.source), HtmlText(model.architecture),
                      HtmlText(model.weights), HtmlText(model.precision), HtmlText(model.device),
                      HtmlText(BytesText(model.weight_bytes)), fmt::format("{:016x}", model.fingerprint)});
  }
  const EngineOptions& engine = page.pipeline->engine;
  std::string out = fmt::format("<p>{} records in flight at most, seed {}{}.</p>\n", engine.credits, engine.seed,
                                engine.deterministic ? ", one call at a time" : "");
  if (!models.empty()) {
    out += HtmlTable({"model", "source", "architecture", "weights", "precision", "device", "size", "fingerprint"},
                     models, 8);
  }
  if (!variables.empty()) out += HtmlTable({"variable", "value"}, variables, 2);
  return HtmlSection("What ran", out);
}

std::string Failures(const RunPage& page) {
  if (page.report->failed == 0) return "";
  Rows rows;
  for (const Letter& letter : page.letters)
    rows.push_back({HtmlText(letter.id), HtmlText(letter.stage), HtmlText(letter.code), HtmlText(letter.message)});
  const std::string& path = page.pipeline->engine.dead_letter_path;
  std::string out = fmt::format("<p>{} records failed; {}.</p>\n", page.report->failed,
                                path.empty() ? "no dead-letter file was set" : "all are in " + HtmlText(path));
  if (!rows.empty()) out += HtmlTable({"record", "stage", "code", "reason"}, rows, 4);
  return HtmlSection("Failures", out);
}

std::string Samples(const RunPage& page) {
  if (page.samples.empty()) return "";
  std::string out =
      "<p class=\"faint\">Plain text is the target's own; coloured and underlined text was drafted and accepted; "
      "struck out "
      "text was drafted and rejected.</p>\n";
  for (const WatchedRecord& record : page.samples) out += RecordHtml(record);
  return HtmlSection("Sample records", out);
}

}  // namespace

std::vector<ModelFacts> FactsOf(const std::map<std::string, std::shared_ptr<Model>>& models) {
  std::vector<ModelFacts> facts;
  for (const auto& [name, model] : models) {
    const ModelConfig& config = model->config();
    facts.push_back({name, config.source, model->hyper().architecture, config.weights,
                     config.precision == Precision::kExact ? "exact" : "fast", model->device().info().description,
                     model->Fingerprint(), model->weight_bytes()});
  }
  return facts;
}

std::vector<Letter> ReadLetters(const std::string& path, size_t count) {
  std::vector<Letter> letters;
  if (path.empty()) return letters;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; letters.size() < count && std::getline(file, line);) {
    const auto letter = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!letter.is_object()) continue;
    const auto text = [&](const char* key) {
      const auto found = letter.find(key);
      return found == letter.end() ? std::string() : found->is_string() ? found->get<std::string>() : found->dump();
    };
    letters.push_back({text("id"), text("stage"), text("code"), text("message")});
  }
  return letters;
}

std::string RunPageHtml(const RunPage& page) {
  const std::string name = page.pipeline->name.empty() ? page.file : page.pipeline->name;
  std::string out =
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n";
  out += fmt::format(
      "<title>{0}: a run</title>\n<style>{1}</style>\n</head>\n<body>\n<header>\n<h1>{0}</h1>\n"
      "<p class=\"faint\">{2}</p>\n</header>\n<main>\n",
      HtmlText(name), kPageStyle, HtmlText(page.file));
  out += Overview(page);
  for (const Speculation& figures : FindSpeculation(*page.pipeline, *page.report)) out += SpeculationHtml(figures);
  out += HtmlSection("Stages", SvgGraph(*page.pipeline, *page.report));
  out += Failures(page) + Samples(page) + What(page);
  return out + "</main>\n</body>\n</html>\n";
}

Status WriteRunPage(const RunPage& page, const std::string& path) {
  const std::string html = RunPageHtml(page);
  RETORT_ASSIGN_OR_RETURN(const auto file, NewFile::Create(path, html.size(), /*replace=*/true));
  RETORT_RETURN_IF_ERROR(file->Append(html));
  return file->Commit();
}

}  // namespace retort::cli
