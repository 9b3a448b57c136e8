#include "tools/cli/report/explain_text.h"

#include <fmt/format.h>
#include <array>
#include <string_view>

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array<const char*, 5> kColours = {"\033[32m", "\033[36m", "\033[35m", "\033[33m", "\033[34m"};
constexpr const char* kRejected = "\033[2;9;31m";
constexpr const char* kPlain = "\033[0m";

/// `text` (UTF-8) without what could steer a terminal.
std::string Printable(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool c0 = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
    const bool c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;
    if (c0 || c1) out += "\xEF\xBF\xBD";
    if (c1) ++i;
    if (!c0 && !c1) out += text[i];
  }
  return out;
}

std::string PieceText(const TextPiece& piece, bool colours) {
  const std::string text = Printable(piece.text);
  if (piece.drafter == TextPiece::kTarget || text.empty()) return text;
  if (!colours) return fmt::format("[{}:{}]", piece.drafter + 1, text);
  return kColours[piece.drafter % kColours.size()] + text + kPlain;
}

std::string RejectedText(const ExplainedStep& step, bool colours) {
  if (step.rejected_tokens == 0) return "";
  const std::string text = Printable(step.rejected);
  return colours ? kRejected + text + kPlain : "{-" + text + "-}";
}

std::string LegendText(const Explanation& explanation, bool colours) {
  size_t rejected = 0, left_out = 0;
  for (const ExplainedStep& step : explanation.steps) {
    rejected += step.rejected_tokens;
    left_out += step.left_out_tokens;
  }
  std::string out = fmt::format("{}: {} steps, {} tokens by the target", Printable(explanation.id),
                                explanation.steps.size(), explanation.target_tokens());
  for (size_t i = 0; i < explanation.drafters.size(); ++i) {
    const std::string name = Printable(explanation.drafters[i]);
    out += fmt::format(", {} by {}", explanation.drafted_tokens(i),
                       colours ? kColours[i % kColours.size()] + name + kPlain : fmt::format("[{}:{}]", i + 1, name));
  }
  const ExplainedStep sample{{}, "rejected", rejected, 0, 0};
  if (rejected > 0) out += fmt::format("; {} {}", rejected, RejectedText(sample, colours));
  if (left_out > 0) out += fmt::format("; {} not verified", left_out);
  return out + "\n";
}

}  // namespace

std::string ExplainText(const Explanation& explanation, bool colours) {
  std::string out = LegendText(explanation, colours);
  for (const ExplainedStep& step : explanation.steps) {
    for (size_t i = 0; i < step.pieces.size(); ++i) {
      // What was rejected stood where the target's own token is now.
      if (i + 1 == step.pieces.size()) out += RejectedText(step, colours);
      out += PieceText(step.pieces[i], colours);
    }
  }
  return out + "\n";
}

nlohmann::ordered_json ExplainJson(const Explanation& explanation) {
  Json steps = Json::array();
  for (const ExplainedStep& step : explanation.steps) {
    Json pieces = Json::array();
    for (const TextPiece& piece : step.pieces) {
      const bool target = piece.drafter == TextPiece::kTarget;
      pieces.push_back({{"text", piece.text},
                        {"tokens", piece.tokens},
                        {"drafter", target ? Json() : Json(explanation.drafters[piece.drafter])}});
    }
    steps.push_back({{"pieces", pieces},
                     {"rejected", step.rejected},
                     {"rejected_tokens", step.rejected_tokens},
                     {"left_out_tokens", step.left_out_tokens}});
  }
  return {{"id", explanation.id}, {"steps", steps}};
}

}  // namespace retort::cli
