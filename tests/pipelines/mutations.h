// Pipelines with one fault each, made of a right one: what people get wrong, at a place that is known.
#pragma once

#include <string>
#include <vector>

#include "core/graph/diagnostic.h"

namespace retort::testing {

struct Mutation {
  std::string kind;           // "key misspelt", ...
  std::string text;           // of the whole file
  std::vector<Place> places;  // where the first error may be reported: one, or where a missing edge shows either end
};

/// All that the operators make of a pipeline without faults. The same for the same text.
std::vector<Mutation> MutatePipeline(const std::string& text);

}  // namespace retort::testing
