// What might put a fault right. Candidates are guesses: core/graph/lint/fixer tries them and keeps what helps.
#pragma once

#include <string>
#include <vector>

#include "core/graph/lint/fix.h"
#include "core/graph/lint/source_map.h"
#include "core/graph/pipeline.h"

namespace retort {

/// A file as it is before the fix.
struct FixContext {
  const SourceMap& map;
  const PipelineDescription& pipeline;  // as far as it could be read
  const Registry& registry;
};

using Fixes = std::vector<Fix>;

/// For a fault of `context`'s file, the likeliest first.
Fixes FixCandidates(const Diagnostic& fault, const FixContext& context);

// By what the fault is about; each adds those of its own rules.
void AddTextFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);
void AddKeyFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);
void AddValueFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);
void AddVariableFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);
void AddStageFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);
void AddEdgeFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes);

/// The specs of the keys of the map at `path`: of `engine`, of a model, of a stage or of its `with`; null elsewhere.
const std::vector<OptionSpec>* SpecsAt(const std::vector<std::string>& path, const FixContext& context);
/// Values that an option might have: of a model those declared, else the spec's example, first choice or bound.
std::vector<std::string> LikelyValues(const OptionSpec& spec, const FixContext& context);
/// Declare a model of this name. Edits for a fix that uses it.
Edit DeclareModel(const std::string& name, const FixContext& context);

}  // namespace retort
