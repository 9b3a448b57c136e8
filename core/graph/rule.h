// The rules that a pipeline file is checked by: what a fault is called by programs (SARIF, editors, `--format json`).
#pragma once

#include <span>
#include <string_view>

namespace retort {

enum class Rule {
  // the text
  kTooLarge,
  kEncoding,
  kSyntax,
  kSecondDocument,
  kComplexKey,
  kDuplicateKey,
  kEmptyFile,
  // keys and values
  kNotAMap,
  kMissingVersion,
  kWrongVersion,
  kMissingSection,
  kWrongSection,
  kEmptySection,
  kUnknownKey,
  kMissingOption,
  kWrongValue,
  kQuotedNumber,
  kWrongKind,
  kOptionsTogether,
  kAdvice,
  kPluginFault,
  // variables
  kVariableName,
  kVariableKind,
  kUnterminatedReference,
  kBadReference,
  kUnknownVariable,
  kNotInEnvironment,
  kMissingSecret,
  kVariableCircle,
  kTextTooLong,
  kUnknownOverride,
  kOverride,
  kUnknownProfile,
  kInclude,
  kUnusedVariable,
  kUnsetVariable,
  // models and stages
  kUnknownDevice,
  kMemory,
  kUnusedModel,
  kUnknownModel,
  kStageName,
  kStageKind,
  kMissingUses,
  kUnknownStage,
  kTemplateForm,
  kUnknownTemplate,
  kMissingParameter,
  // edges and the graph
  kEdgeForm,
  kEdgeEndMissing,
  kEdgeUnknownStage,
  kEdgeFromSink,
  kEdgeIntoSource,
  kUnknownOutput,
  kOutputNotNamed,
  kUnknownInput,
  kOutputTwice,
  kPayloadMismatch,
  kUnverifiedDrafts,
  kInputNotConnected,
  kOutputNotConnected,
  kUndeclaredCycle,
  kBackWithoutCycle,
  kNoSource,
  kUnreachable,
  // tests
  kTestForm,
  kTestUnknownStage,
  kTestMatcher,
  kTestExpectsNothing
};

struct RuleText {
  Rule rule;
  std::string_view id;    // kebab-case; stays the same from version to version
  std::string_view text;  // what is wrong where it is broken
};

/// All rules, in the order of the enumeration.
std::span<const RuleText> AllRules();
/// "unknown-key".
std::string_view RuleId(Rule rule);

}  // namespace retort
