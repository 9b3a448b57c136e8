#include "core/graph/rule.h"

#include <cstddef>

namespace retort {
namespace {

constexpr RuleText kRules[] = {
    {Rule::kTooLarge, "too-large", "The file, or a list in it, is larger than any pipeline."},
    {Rule::kEncoding, "encoding", "The file is not text in UTF-8."},
    {Rule::kSyntax, "syntax", "The file is not YAML."},
    {Rule::kSecondDocument, "second-document", "The file holds more than one YAML document."},
    {Rule::kComplexKey, "complex-key", "A key is a list or a map."},
    {Rule::kDuplicateKey, "duplicate-key", "A key is given twice in a map."},
    {Rule::kEmptyFile, "empty-file", "The file is empty."},
    {Rule::kNotAMap, "not-a-map", "The pipeline is not a map of sections."},
    {Rule::kMissingVersion, "missing-version", "The pipeline does not name the version of the language."},
    {Rule::kWrongVersion, "wrong-version", "The pipeline is written in a version that is not known."},
    {Rule::kMissingSection, "missing-section", "A section that every pipeline has is missing."},
    {Rule::kWrongSection, "wrong-section", "A section is a list where a map is expected, or the contrary."},
    {Rule::kEmptySection, "empty-section", "A section that must hold something is empty."},
    {Rule::kUnknownKey, "unknown-key", "A key is not known here."},
    {Rule::kMissingOption, "missing-option", "An option without a default is not given."},
    {Rule::kWrongValue, "wrong-value", "A value has the wrong type, is out of range or no choice."},
    {Rule::kQuotedNumber, "quoted-number", "A number or a truth value stands in quotes."},
    {Rule::kWrongKind, "wrong-kind", "A list or a map stands where one value is expected, or the contrary."},
    {Rule::kOptionsTogether, "options-together", "Options of a stage do not go together."},
    {Rule::kAdvice, "advice", "A stage remarks on its options: what they do not do here, or what they give up."},
    {Rule::kPluginFault, "plugin-fault", "A plugin says something wrong of its stage."},
    {Rule::kVariableName, "variable-name", "This cannot be the name of a variable."},
    {Rule::kVariableKind, "variable-kind", "The default of a variable is a list or a map."},
    {Rule::kUnterminatedReference, "unterminated-reference", "A `${` has no `}`."},
    {Rule::kBadReference, "bad-reference", "A `${...}` names no variable."},
    {Rule::kUnknownVariable, "unknown-variable", "A variable is used but not declared."},
    {Rule::kNotInEnvironment, "not-in-environment", "A variable of the environment is not set."},
    {Rule::kMissingSecret, "missing-secret", "A secret is neither in the environment nor in a file."},
    {Rule::kVariableCircle, "variable-circle", "Variables name each other in a circle."},
    {Rule::kTextTooLong, "text-too-long", "A text is too long once its variables are filled in."},
    {Rule::kUnknownOverride, "unknown-override", "A value is given for a variable that there is not."},
    {Rule::kOverride, "override", "A value is set at a path that leads to nothing."},
    {Rule::kUnknownProfile, "unknown-profile", "A profile is asked for that there is not."},
    {Rule::kInclude, "include", "A file that is included cannot be, or includes itself."},
    {Rule::kUnusedVariable, "unused-variable", "A variable is never used."},
    {Rule::kUnsetVariable, "unset-variable", "A variable has no value."},
    {Rule::kUnknownDevice, "unknown-device", "A device is not known."},
    {Rule::kMemory, "memory", "The weights of a device's models are larger than its memory."},
    {Rule::kUnusedModel, "unused-model", "A model is declared but no stage uses it."},
    {Rule::kUnknownModel, "unknown-model", "A stage names a model that is not declared."},
    {Rule::kStageName, "stage-name", "The name of a stage cannot stand in an edge."},
    {Rule::kStageKind, "stage-kind", "A stage is not a map."},
    {Rule::kMissingUses, "missing-uses", "A stage does not say what it uses."},
    {Rule::kUnknownStage, "unknown-stage", "There is no stage of this kind."},
    {Rule::kTemplateForm, "template-form", "A template is not of the form that it must have, or uses itself."},
    {Rule::kUnknownTemplate, "unknown-template", "A stage names a template that there is not."},
    {Rule::kMissingParameter, "missing-parameter", "A parameter of a template that must be given is not."},
    {Rule::kEdgeForm, "edge-form", "An edge has none of its forms."},
    {Rule::kEdgeEndMissing, "edge-end-missing", "An edge misses an end."},
    {Rule::kEdgeUnknownStage, "edge-unknown-stage", "An edge names a stage that is not declared."},
    {Rule::kEdgeFromSink, "edge-from-sink", "An edge begins at a stage without outputs."},
    {Rule::kEdgeIntoSource, "edge-into-source", "An edge ends at a stage without an input."},
    {Rule::kUnknownOutput, "unknown-output", "An edge names an output that the stage does not have."},
    {Rule::kOutputNotNamed, "output-not-named", "An edge does not say which of several outputs it begins at."},
    {Rule::kUnknownInput, "unknown-input", "An edge names an input that the stage does not have."},
    {Rule::kOutputTwice, "output-twice", "An output is connected twice."},
    {Rule::kPayloadMismatch, "payload-mismatch", "An output gives something else than the input takes."},
    {Rule::kUnverifiedDrafts, "unverified-drafts", "Drafted tokens go to a stage that does not look at them."},
    {Rule::kInputNotConnected, "input-not-connected", "Nothing is connected to an input."},
    {Rule::kOutputNotConnected, "output-not-connected", "An output is connected to nothing."},
    {Rule::kUndeclaredCycle, "undeclared-cycle", "An edge closes a cycle that is not declared."},
    {Rule::kBackWithoutCycle, "back-without-cycle", "An edge says that it closes a cycle, but does not."},
    {Rule::kNoSource, "no-source", "No stage is a source."},
    {Rule::kUnreachable, "unreachable", "A stage can be reached from no source."},
    {Rule::kTestForm, "test-form", "A part of a test is not of the form that it must have."},
    {Rule::kTestUnknownStage, "test-unknown-stage", "A test speaks of a stage that there is not."},
    {Rule::kTestMatcher, "test-matcher", "A condition of a test is none, or lacks what it compares with."},
    {Rule::kTestExpectsNothing, "test-expects-nothing", "A test expects nothing, so that it cannot fail."},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kRules); ++i) {
    if (static_cast<size_t>(kRules[i].rule) != i) return false;
  }
  return std::size(kRules) == static_cast<size_t>(Rule::kTestExpectsNothing) + 1;
}
static_assert(InOrder(), "a row for every rule, at its place");

}  // namespace

std::span<const RuleText> AllRules() { return kRules; }

std::string_view RuleId(Rule rule) { return kRules[static_cast<size_t>(rule)].id; }

}  // namespace retort
