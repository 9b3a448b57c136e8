#include "core/plugin/descriptor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "core/model/utf8.h"
#include "core/plugin/abi_v1.h"

namespace retort {
namespace {

constexpr size_t kMaxText = 1u << 20;
constexpr size_t kMaxName = 64;
constexpr size_t kMaxItems = 256;
constexpr uint32_t kMaxStruct = 4096;
constexpr uint32_t kKnownFlags = RETORT_STAGE_CONCURRENT | RETORT_STAGE_ORDERED | RETORT_STAGE_BLOCKING;

std::string Quote(std::string_view text) { return std::string("`").append(text).append("`"); }

template <typename Struct>
Status CheckSize(const char* what, const Struct* given) {
  constexpr size_t expected = kFrozenSize<Struct>;
  static_assert(expected > 0);
  const uint32_t size = given->size;
  if (size >= expected && size <= kMaxStruct && size % alignof(void*) == 0) return {};
  return InvalidArgument(std::string(what) + ".size: expected " + std::to_string(expected) + " or more, got " +
                         std::to_string(size) + "; set it to sizeof(" + what + ") of the header in use");
}

Status CopyText(const std::string& what, retort_string from, std::string* to) {
  if (from.length == 0) return {};
  if (from.data == nullptr)
    return InvalidArgument(what + ": a null pointer with a length of " + std::to_string(from.length));
  if (from.length > kMaxText) return InvalidArgument(what + ": longer than 1 MiB");
  const std::string_view view(from.data, from.length);
  if (FindInvalidUtf8(view) != view.npos) return InvalidArgument(what + ": invalid UTF-8");
  to->assign(view);
  return {};
}

/// A name of lower-case words and digits that begins with a letter; words are parted by one of `separators`.
Status CopyName(const std::string& what, retort_string from, std::string_view separators, std::string* to) {
  RETORT_RETURN_IF_ERROR(CopyText(what, from, to));
  bool word = false;  // the character before belongs to a word
  bool good = !to->empty() && to->size() <= kMaxName && to->front() >= 'a' && to->front() <= 'z';
  for (char c : *to) {
    const bool in_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    good = good && (in_word || (word && separators.find(c) != separators.npos));
    word = in_word;
  }
  if (good && word) return {};
  return InvalidArgument(what +
                         ": expected 1 to 64 lower-case letters and digits, beginning with a letter and parted by `" +
                         std::string(separators) + "`, got " + Quote(to->substr(0, 80)));
}

/// Element `index` of an array whose stride is the first element's size.
template <typename Spec>
const Spec* ElementAt(const Spec* array, size_t index) {
  return reinterpret_cast<const Spec*>(reinterpret_cast<const char*>(array) + index * array->size);
}

template <typename Spec>
Spec Element(const Spec* array, size_t index) {
  return ReadStruct(ElementAt(array, index));
}

template <typename Spec>
Status CheckArray(const char* type, const std::string& what, const Spec* array, size_t count) {
  if (count == 0) return {};
  if (count > kMaxItems) return InvalidArgument(what + ": at most 256 are allowed, got " + std::to_string(count));
  if (array == nullptr) return InvalidArgument(what + ": a null pointer with a count of " + std::to_string(count));
  RETORT_RETURN_IF_ERROR(CheckSize(type, array));
  for (size_t i = 1; i < count; ++i) {
    const uint32_t size = ElementAt(array, i)->size;
    if (size == array->size) continue;
    return InvalidArgument(what + "[" + std::to_string(i) + "].size: expected " + std::to_string(array->size) +
                           ", the size of the first, got " + std::to_string(size) + "; set every size to sizeof(" +
                           type + ")");
  }
  return {};
}

Status CopyPorts(const char* what, const retort_port_spec* specs, size_t count, std::vector<PortSpec>* to) {
  RETORT_RETURN_IF_ERROR(CheckArray("retort_port_spec", what, specs, count));
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    const retort_port_spec spec = Element(specs, i);
    PortSpec& port = to->emplace_back();
    const std::string place = std::string(what) + "[" + std::to_string(i) + "]";
    RETORT_RETURN_IF_ERROR(CopyName(place + ".name", spec.name, "_-", &port.name));
    RETORT_RETURN_IF_ERROR(CopyName(place + ".payload", spec.payload, "_-:", &port.payload));
    RETORT_RETURN_IF_ERROR(CopyText(place + ".text", spec.text, &port.text));
    port.optional = spec.optional != 0;
    if (!names.insert(port.name).second)
      return InvalidArgument(place + ".name: " + Quote(port.name) + " is there twice");
  }
  return {};
}

template <typename Number>
bool ParseNumber(const std::string& text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool InRange(const OptionSpec& option, double value) { return !(value < option.minimum) && !(value > option.maximum); }

bool GoodDefault(const OptionSpec& option) {
  const std::string& text = option.default_value;
  int64_t whole = 0;
  double number = 0;
  switch (option.type) {
    case RETORT_OPTION_BOOL: return text == "true" || text == "false";
    case RETORT_OPTION_INT: return ParseNumber(text, &whole) && InRange(option, static_cast<double>(whole));
    case RETORT_OPTION_FLOAT: return ParseNumber(text, &number) && std::isfinite(number) && InRange(option, number);
    case RETORT_OPTION_ENUM:
      return std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end();
    case RETORT_OPTION_STRING_LIST: return text.empty() || (text.front() == '[' && text.back() == ']');
    default: return true;
  }
}

Status CopyChoices(const std::string& place, const retort_option_spec& spec, OptionSpec* option) {
  if (option->type != RETORT_OPTION_ENUM) {
    if (spec.choice_count == 0) return {};
    return InvalidArgument(place + ".choices: only ENUM options have choices");
  }
  if (spec.choice_count == 0 || spec.choice_count > kMaxItems || spec.choices == nullptr) {
    return InvalidArgument(place + ".choices: an ENUM needs 1 to 256 of them, got " +
                           std::to_string(spec.choice_count));
  }
  for (size_t i = 0; i < spec.choice_count; ++i) {
    std::string choice;
    RETORT_RETURN_IF_ERROR(CopyText(place + ".choices", spec.choices[i], &choice));
    if (choice.empty()) return InvalidArgument(place + ".choices: an empty choice");
    if (std::find(option->choices.begin(), option->choices.end(), choice) != option->choices.end()) {
      return InvalidArgument(place + ".choices: " + Quote(choice) + " is there twice");
    }
    option->choices.push_back(std::move(choice));
  }
  return {};
}

Status CopyOption(const std::string& index_place, const retort_option_spec& spec, OptionSpec* option) {
  RETORT_RETURN_IF_ERROR(CopyName(index_place + ".name", spec.name, "_", &option->name));
  const std::string place = "option " + Quote(option->name);
  option->type = spec.type;
  if (spec.type < RETORT_OPTION_BOOL || spec.type > RETORT_OPTION_STRING_LIST) {
    return InvalidArgument(place + ".type: expected 1 (BOOL) to 8 (STRING_LIST), got " + std::to_string(spec.type));
  }
  RETORT_RETURN_IF_ERROR(CopyText(place + ".text", spec.text, &option->text));
  if (option->text.empty()) return InvalidArgument(place + ".text: empty; say what the option does");
  RETORT_RETURN_IF_ERROR(CopyText(place + ".unit", spec.unit, &option->unit));
  RETORT_RETURN_IF_ERROR(CopyText(place + ".default_value", spec.default_value, &option->default_value));
  RETORT_RETURN_IF_ERROR(CopyText(place + ".example", spec.example, &option->example));
  option->required = spec.required != 0;
  if (spec.type == RETORT_OPTION_INT || spec.type == RETORT_OPTION_FLOAT) {
    option->minimum = spec.minimum;
    option->maximum = spec.maximum;
    if (spec.minimum > spec.maximum) return InvalidArgument(place + ": its minimum is above its maximum");
  }
  RETORT_RETURN_IF_ERROR(CopyChoices(place, spec, option));
  if (option->required || GoodDefault(*option)) return {};
  return InvalidArgument(place + ".default_value: " + Quote(option->default_value) +
                         " is not a value that the option itself allows");
}

Status CopyOptions(const retort_stage_spec& spec, std::vector<OptionSpec>* to) {
  RETORT_RETURN_IF_ERROR(CheckArray("retort_option_spec", "options", spec.options, spec.option_count));
  std::set<std::string> names;
  for (size_t i = 0; i < spec.option_count; ++i) {
    OptionSpec& option = to->emplace_back();
    RETORT_RETURN_IF_ERROR(CopyOption("options[" + std::to_string(i) + "]", Element(spec.options, i), &option));
    if (!names.insert(option.name).second) return InvalidArgument("option " + Quote(option.name) + " is there twice");
  }
  return {};
}

Status CopyFunctions(const retort_stage_functions* functions, retort_stage_functions* to) {
  if (functions == nullptr) return InvalidArgument("functions: a null pointer");
  RETORT_RETURN_IF_ERROR(CheckSize("retort_stage_functions", functions));
  *to = ReadStruct(functions);
  const char* missing = to->create == nullptr    ? "create"
                        : to->process == nullptr ? "process"
                        : to->destroy == nullptr ? "destroy"
                                                 : nullptr;
  if (missing != nullptr)
    return InvalidArgument(std::string("functions.") + missing +
                           ": a null pointer; only open, close, check, payload and runs_model may be null");
  return {};
}

Status CopyStage(const retort_stage_spec& spec, StageDescriptor* stage) {
  RETORT_RETURN_IF_ERROR(CopyText("summary", spec.summary, &stage->summary));
  if (stage->summary.empty() || stage->summary.find('\n') != std::string::npos) {
    return InvalidArgument("summary: expected one line of text");
  }
  RETORT_RETURN_IF_ERROR(CopyText("text", spec.text, &stage->text));
  RETORT_RETURN_IF_ERROR(CopyText("example", spec.example, &stage->example));
  if (spec.input_count > 1)
    return InvalidArgument("inputs: expected none (a source) or one, got " + std::to_string(spec.input_count));
  if (spec.input_count + spec.output_count == 0) return InvalidArgument("it has neither an input nor an output");
  RETORT_RETURN_IF_ERROR(CopyPorts("inputs", spec.inputs, spec.input_count, &stage->inputs));
  RETORT_RETURN_IF_ERROR(CopyPorts("outputs", spec.outputs, spec.output_count, &stage->outputs));
  RETORT_RETURN_IF_ERROR(CopyOptions(spec, &stage->options));
  if ((spec.flags & ~kKnownFlags) != 0) {
    return InvalidArgument("flags: bits " + std::to_string(spec.flags & ~kKnownFlags) + " are not known to this host");
  }
  stage->flags = spec.flags;
  stage->default_max_batch = std::max(1u, spec.default_max_batch);
  stage->user_data = spec.user_data;
  return CopyFunctions(spec.functions, &stage->functions);
}

}  // namespace

const OptionSpec* StageDescriptor::FindOption(std::string_view option) const {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const OptionSpec& o) { return o.name == option; });
  return found == options.end() ? nullptr : &*found;
}

Result<StageDescriptor> CopyDescriptor(const retort_stage_spec* spec, std::string plugin_path) {
  if (spec == nullptr) return InvalidArgument("register_stage: the descriptor is a null pointer");
  RETORT_RETURN_IF_ERROR(CheckSize("retort_stage_spec", spec));
  StageDescriptor stage;
  stage.plugin_path = std::move(plugin_path);
  RETORT_RETURN_IF_ERROR(CopyName("stage name", spec->name, "-", &stage.name));
  if (const Status status = CopyStage(ReadStruct(spec), &stage); !status.ok())
    return status.Annotate("stage " + Quote(stage.name));
  return stage;
}

}  // namespace retort
