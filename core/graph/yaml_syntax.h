// Where a text that is no YAML goes wrong: parsers notice a missing bracket or quote only where something else begins.
#pragma once

#include <string>

#include "core/graph/diagnostic.h"

namespace retort {

struct SyntaxFault {
  Place place;
  std::string message, expected;
};

/// `noticed`: the byte where the parser gave up, and `why` in its words. A tab that indents, a quote or a bracket that
/// nothing closes is the fault if there is one before; else what the parser says.
SyntaxFault ExplainSyntax(const SourceText& source, size_t noticed, const std::string& why);

}  // namespace retort
