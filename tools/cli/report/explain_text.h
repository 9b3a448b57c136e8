// A record's completion for the terminal, told apart by who produced each token: `retort run --explain`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/graph/report/explanation.h"

namespace retort::cli {

/// With `colours`: the target's text as it is, each drafter's in a colour of its own, what was rejected struck through.
/// Without: accepted drafts as [N:text] by drafter N, rejected ones as {-text-}. Controls of the terminal in the text
/// are shown as U+FFFD.
std::string ExplainText(const Explanation& explanation, bool colours);

nlohmann::ordered_json ExplainJson(const Explanation& explanation);

}  // namespace retort::cli
