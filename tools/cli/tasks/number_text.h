// Numbers in text that a model wrote.
#pragma once

#include <optional>
#include <string_view>

namespace retort::cli {

/// The value of the last number in `text`: digits, with a sign where no word or number stands right before it, commas
/// between groups of three digits, and a fraction. "7 - 5 = -2." has -2, "3-4" has 4, "1,250.5 km" has 1250.5.
std::optional<double> LastNumber(std::string_view text);

}  // namespace retort::cli
