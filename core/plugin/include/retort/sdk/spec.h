// Builders for what a stage says of itself. One source for lint, plan, describe, the schema and the docs.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "retort/sdk/boundary.h"

namespace retort::sdk {

/// One option: OptionSpec::Int("max_tokens").Text("Tokens drafted at most.").Unit("tokens").Range(1, 64).Default(8).
/// An option without a default is required; Optional() makes it one that may be left out.
class OptionSpec {
 public:
  static OptionSpec Bool(std::string name) { return {RETORT_OPTION_BOOL, std::move(name)}; }
  static OptionSpec Int(std::string name) { return {RETORT_OPTION_INT, std::move(name)}; }
  static OptionSpec Float(std::string name) { return {RETORT_OPTION_FLOAT, std::move(name)}; }
  static OptionSpec String(std::string name) { return {RETORT_OPTION_STRING, std::move(name)}; }
  static OptionSpec Path(std::string name) { return {RETORT_OPTION_PATH, std::move(name)}; }
  /// The name of a model under `models:` of the pipeline.
  static OptionSpec Model(std::string name) { return {RETORT_OPTION_MODEL, std::move(name)}; }
  static OptionSpec List(std::string name) { return {RETORT_OPTION_STRING_LIST, std::move(name)}; }
  static OptionSpec Enum(std::string name, std::initializer_list<std::string_view> choices) {
    OptionSpec option(RETORT_OPTION_ENUM, std::move(name));
    option.choices_.assign(choices.begin(), choices.end());
    return option;
  }

  OptionSpec& Text(std::string text) { return text_ = std::move(text), *this; }
  OptionSpec& Unit(std::string unit) { return unit_ = std::move(unit), *this; }
  OptionSpec& Example(std::string example) { return example_ = std::move(example), *this; }
  /// Inclusive; NAN leaves a side open.
  OptionSpec& Range(double minimum, double maximum) { return minimum_ = minimum, maximum_ = maximum, *this; }
  OptionSpec& Min(double minimum) { return minimum_ = minimum, *this; }
  OptionSpec& Max(double maximum) { return maximum_ = maximum, *this; }
  /// May be left out: text and models are then empty, a list has no items.
  OptionSpec& Optional() { return required_ = false, *this; }

  template <typename T>
  OptionSpec& Default(const T& value) {
    required_ = false;
    if constexpr (std::same_as<T, bool>) {
      default_ = value ? "true" : "false";
    } else if constexpr (std::is_arithmetic_v<T>) {
      char buffer[64];
      default_.assign(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
    } else {
      default_ = std::string(value);
    }
    return *this;
  }
  OptionSpec& Default(std::initializer_list<std::string_view> items) {
    required_ = false;
    default_ = "[";
    for (std::string_view item : items) default_.append(default_.size() > 1 ? ", " : "").append(Quoted(item));
    default_ += "]";
    return *this;
  }

 private:
  friend class StageSpec;
  OptionSpec(retort_option_type type, std::string name) : type_(type), name_(std::move(name)) {}

  static std::string Quoted(std::string_view item) {
    std::string text = "'";
    for (char c : item) text.append(c == '\'' ? 2 : 1, c);
    return text + "'";
  }

  retort_option_type type_;
  std::string name_, text_, unit_, default_, example_;
  std::vector<std::string> choices_;
  double minimum_ = NAN, maximum_ = NAN;
  bool required_ = true;
};

/// A stage: StageSpec("upper").Summary("Put a field into upper case.").Input(...).Output(...).Option(...).
class StageSpec {
 public:
  /// `name` is kebab-case, as in `uses:`.
  explicit StageSpec(std::string name) : name_(std::move(name)) {}

  StageSpec& Summary(std::string line) { return summary_ = std::move(line), *this; }
  /// Markdown paragraphs.
  StageSpec& Text(std::string text) { return text_ = std::move(text), *this; }
  /// A YAML value for `with:`.
  StageSpec& Example(std::string yaml) { return example_ = std::move(yaml), *this; }
  /// `payload` is "record", "sequence", "draft", "draft:tree", "draft:sampled", "draft:point-mass" or a type of your
  /// own. A stage without an input is
  /// a source; one input at most.
  StageSpec& Input(std::string name, std::string payload, std::string text) {
    return inputs_.push_back({std::move(name), std::move(payload), std::move(text), false}), *this;
  }
  /// Ports are numbered from 0 in the order of these calls.
  StageSpec& Output(std::string name, std::string payload, std::string text) {
    return outputs_.push_back({std::move(name), std::move(payload), std::move(text), false}), *this;
  }
  /// An output that may stay unconnected: records emitted there count as completed.
  StageSpec& OptionalOutput(std::string name, std::string payload, std::string text) {
    return outputs_.push_back({std::move(name), std::move(payload), std::move(text), true}), *this;
  }
  StageSpec& Option(const OptionSpec& option) { return options_.push_back(option), *this; }
  /// Process may run on several threads at once.
  StageSpec& Concurrent() { return flags_ |= RETORT_STAGE_CONCURRENT, *this; }
  /// By default records arrive in input order.
  StageSpec& Ordered() { return flags_ |= RETORT_STAGE_ORDERED, *this; }
  /// Process waits for files or devices.
  StageSpec& Blocking() { return flags_ |= RETORT_STAGE_BLOCKING, *this; }
  /// Records a call at most, unless the pipeline says otherwise.
  StageSpec& MaxBatch(uint32_t records) { return max_batch_ = records, *this; }

  /// Register with the host, which copies everything.
  Status Register(retort_registrar* registrar, const retort_stage_functions& functions) const {
    const std::vector<retort_port_spec> inputs = Ports(inputs_), outputs = Ports(outputs_);
    std::vector<std::vector<retort_string>> choices;
    std::vector<retort_option_spec> options;
    choices.reserve(options_.size());
    for (const OptionSpec& o : options_) {
      std::vector<retort_string>& views = choices.emplace_back();
      for (const std::string& choice : o.choices_) views.push_back(ToC(choice));
      options.push_back({sizeof(retort_option_spec), o.type_, ToC(o.name_), ToC(o.text_), ToC(o.unit_), ToC(o.default_),
                         ToC(o.example_), o.required_, 0, o.minimum_, o.maximum_, views.data(), views.size()});
    }
    const retort_stage_spec spec = {sizeof(retort_stage_spec),
                                    flags_,
                                    ToC(name_),
                                    ToC(summary_),
                                    ToC(text_),
                                    ToC(example_),
                                    inputs.data(),
                                    inputs.size(),
                                    outputs.data(),
                                    outputs.size(),
                                    options.data(),
                                    options.size(),
                                    max_batch_,
                                    0,
                                    nullptr,
                                    &functions};
    return FromCode(registrar->register_stage(registrar, &spec));
  }

 private:
  struct Port {
    std::string name, payload, text;
    bool optional;
  };
  static std::vector<retort_port_spec> Ports(const std::vector<Port>& ports) {
    std::vector<retort_port_spec> specs;
    specs.reserve(ports.size());
    for (const Port& p : ports) {
      specs.push_back({sizeof(retort_port_spec), p.optional, ToC(p.name), ToC(p.payload), ToC(p.text)});
    }
    return specs;
  }

  std::string name_, summary_, text_, example_;
  std::vector<Port> inputs_, outputs_;
  std::vector<OptionSpec> options_;
  uint32_t flags_ = 0, max_batch_ = 1;
};

}  // namespace retort::sdk
