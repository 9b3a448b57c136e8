// Descriptors as a plugin gives them: whatever its numbers, names and counts are, the copy is refused or can be
// described. Pointers are right where they are not null, and what a size claims can be read: no reader can guard itself
// against others.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "core/graph/pipeline_schema.h"
#include "core/graph/stage_text.h"
#include "core/plugin/descriptor.h"

namespace {

constexpr size_t kClaimed = 80;  // elements that 4 KiB hold, the most that a size may say

/// Takes an input apart.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t Byte() { return at_ < size_ ? data_[at_++] : 0; }
  template <typename T>
  T Number() {
    T value{};
    for (size_t i = 0; i < sizeof value; ++i) reinterpret_cast<uint8_t*>(&value)[i] = Byte();
    return value;
  }
  /// Mostly what is right.
  uint32_t Size(size_t right) { return Byte() % 8 == 7 ? Number<uint32_t>() : static_cast<uint32_t>(right); }
  retort_string Text() {
    const uint8_t kind = Byte();
    if (kind == 255) return {nullptr, Byte()};
    static constexpr const char* kWords[] = {"name", "in", "record", "a-b", "max_tokens", "1", "true", "[a, b]", ""};
    std::string text = kind < 200 ? kWords[kind % 9] : std::string();
    if (kind >= 200) {
      for (size_t i = 0, size = Byte() % 24; i < size; ++i) text += static_cast<char>(Byte());
    }
    texts_.push_back(std::move(text));
    return {texts_.back().data(), texts_.back().size()};
  }

 private:
  const uint8_t* data_;
  size_t size_, at_ = 0;
  std::deque<std::string> texts_;
};

retort_port_spec Port(Input& in) {
  retort_port_spec port = {};
  port.size = in.Size(sizeof port);
  port.optional = in.Byte() % 4;
  port.name = in.Text();
  port.payload = in.Text();
  port.text = in.Text();
  return port;
}

retort_option_spec Option(Input& in, std::deque<std::vector<retort_string>>& choices) {
  retort_option_spec option = {};
  option.size = in.Size(sizeof option);
  option.type = static_cast<retort_option_type>(in.Byte() % 16);
  option.name = in.Text();
  option.text = in.Text();
  option.unit = in.Text();
  option.default_value = in.Text();
  option.example = in.Text();
  option.required = in.Byte() % 3;
  option.minimum = in.Byte() % 2 == 0 ? in.Number<double>() : 0;
  option.maximum = in.Byte() % 2 == 0 ? in.Number<double>() : 10;
  choices.emplace_back(in.Byte() % 4);
  for (retort_string& choice : choices.back()) choice = in.Text();
  option.choice_count = choices.back().size();
  option.choices = option.choice_count == 0 ? nullptr : choices.back().data();
  return option;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in(data, size);
  std::deque<std::vector<retort_string>> choices;
  const size_t input_count = in.Byte() % 3, output_count = in.Byte() % 4, option_count = in.Byte() % 6;
  // Behind the elements lies as much as a size may claim that they take.
  std::vector<retort_port_spec> inputs(input_count * kClaimed), outputs(output_count * kClaimed);
  std::vector<retort_option_spec> options(option_count * kClaimed);
  for (size_t i = 0; i < input_count; ++i) inputs[i] = Port(in);
  for (size_t i = 0; i < output_count; ++i) outputs[i] = Port(in);
  for (size_t i = 0; i < option_count; ++i) options[i] = Option(in, choices);
  retort_stage_functions functions = {};
  functions.size = in.Size(sizeof functions);
  if (in.Byte() % 8 != 0)
    functions.create = [](void*, const retort_config*, void**) -> retort_code { return RETORT_OK; };
  if (in.Byte() % 8 != 0) functions.destroy = [](void*) {};
  if (in.Byte() % 2 != 0)
    functions.process = [](void*, retort_context*, retort_record* const*, size_t) -> retort_code { return RETORT_OK; };
  retort_stage_spec spec = {};
  spec.size = in.Size(sizeof spec);
  spec.flags = in.Byte();
  spec.name = in.Text();
  spec.summary = in.Text();
  spec.text = in.Text();
  spec.example = in.Text();
  spec.inputs = inputs.empty() && in.Byte() % 2 == 0 ? nullptr : inputs.data();
  spec.input_count = input_count;
  spec.outputs = outputs.data();
  spec.output_count = output_count;
  spec.options = options.data();
  spec.option_count = option_count;
  spec.default_max_batch = in.Number<uint32_t>();
  spec.functions = in.Byte() % 16 == 0 ? nullptr : &functions;
  const auto copied = retort::CopyDescriptor(in.Byte() % 64 == 0 ? nullptr : &spec, "plugin.so");
  if (!copied.ok()) {
    if (copied.status().message().empty()) std::abort();
    return 0;
  }
  if (DescribeStageText(*copied).empty() || DescribeStageMarkdown(*copied).empty()) std::abort();
  DescribeStageJson(*copied).dump(2);
  return 0;
}
