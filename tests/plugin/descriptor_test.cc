#include "core/plugin/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace retort {
namespace {

using ::testing::HasSubstr;

retort_string View(std::string_view text) { return {text.data(), text.size()}; }

/// A descriptor that is all right, to be spoilt in one place.
struct Spec {
  retort_stage_functions functions = {
      .size = sizeof(retort_stage_functions),
      .reserved = 0,
      .create = [](void*, const retort_config*, void**) -> retort_code { return RETORT_OK; },
      .open = nullptr,
      .process = [](void*, retort_context*, retort_record* const*, size_t) -> retort_code { return RETORT_OK; },
      .close = nullptr,
      .destroy = [](void*) {},
      .check = nullptr,
      .payload = nullptr,
      .runs_model = nullptr,
      .advise = nullptr};
  std::vector<retort_port_spec> inputs = {
      {sizeof(retort_port_spec), 0, View("in"), View("sequence"), View("Sequences.")}};
  std::vector<retort_port_spec> outputs = {
      {sizeof(retort_port_spec), 0, View("continue"), View("draft:point-mass"), View("On.")},
      {sizeof(retort_port_spec), 1, View("done"), View("sequence"), View("Done.")}};
  std::vector<retort_string> choices = {View("greedy"), View("lossless")};
  std::vector<retort_option_spec> options = {
      {sizeof(retort_option_spec), RETORT_OPTION_INT, View("max_tokens"), View("Tokens."), View("tokens"), View("8"),
       View("16"), 0, 0, 1, 64, nullptr, 0},
      {sizeof(retort_option_spec), RETORT_OPTION_ENUM, View("rule"), View("Rule."), View(""), View("greedy"), View(""),
       0, 0, NAN, NAN, choices.data(), 2},
      {sizeof(retort_option_spec), RETORT_OPTION_STRING, View("field"), View("Field."), View(""), View(""), View("x"),
       1, 0, 0, 0, nullptr, 0}};
  retort_stage_spec stage = {sizeof(retort_stage_spec),
                             RETORT_STAGE_CONCURRENT,
                             View("my-stage2"),
                             View("One line."),
                             View("Text."),
                             View("{ field: x }"),
                             inputs.data(),
                             1,
                             outputs.data(),
                             2,
                             options.data(),
                             3,
                             0,
                             0,
                             &functions,
                             &functions};
};

TEST(CopyDescriptor, CopiesEverything) {
  Result<StageDescriptor> copied = Internal("");
  {
    Spec spec;
    copied = CopyDescriptor(&spec.stage, "/a/b.so");
  }
  ASSERT_TRUE(copied.ok()) << copied.status().ToString();
  const StageDescriptor& stage = *copied;
  EXPECT_EQ(stage.name, "my-stage2");
  EXPECT_EQ(stage.summary, "One line.");
  EXPECT_EQ(stage.example, "{ field: x }");
  EXPECT_EQ(stage.plugin_path, "/a/b.so");
  EXPECT_EQ(stage.flags, static_cast<uint32_t>(RETORT_STAGE_CONCURRENT));
  EXPECT_EQ(stage.default_max_batch, 1u);
  ASSERT_EQ(stage.inputs.size(), 1u);
  EXPECT_FALSE(stage.is_source());
  ASSERT_EQ(stage.outputs.size(), 2u);
  EXPECT_EQ(stage.outputs[0].payload, "draft:point-mass");
  EXPECT_FALSE(stage.outputs[0].optional);
  EXPECT_TRUE(stage.outputs[1].optional);
  ASSERT_EQ(stage.options.size(), 3u);
  EXPECT_EQ(stage.options[0].default_value, "8");
  EXPECT_EQ(stage.options[0].minimum, 1);
  EXPECT_EQ(stage.options[0].maximum, 64);
  EXPECT_EQ(stage.options[1].choices, (std::vector<std::string>{"greedy", "lossless"}));
  EXPECT_TRUE(stage.options[2].required);
  EXPECT_TRUE(std::isnan(stage.options[2].minimum)) << "ranges are of numbers only";
  ASSERT_NE(stage.FindOption("rule"), nullptr);
  EXPECT_EQ(stage.FindOption("none"), nullptr);
}

TEST(CopyDescriptor, ReadsArraysWithLargerElements) {
  struct Larger {
    retort_port_spec port;
    void* of_a_later_version;
  };
  Spec spec;
  Larger outputs[2] = {{spec.outputs[0], nullptr}, {spec.outputs[1], nullptr}};
  outputs[0].port.size = sizeof(Larger);
  outputs[1].port.size = sizeof(Larger);
  spec.stage.outputs = &outputs[0].port;
  const auto copied = CopyDescriptor(&spec.stage, "p");
  ASSERT_TRUE(copied.ok()) << copied.status().ToString();
  EXPECT_EQ(copied->outputs[1].name, "done");
}

struct Fault {
  const char* name;
  std::function<void(Spec&)> spoil;
  const char* message;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class CopyDescriptorRefuses : public ::testing::TestWithParam<Fault> {};

TEST_P(CopyDescriptorRefuses, WithTheReason) {
  Spec spec;
  GetParam().spoil(spec);
  const auto copied = CopyDescriptor(&spec.stage, "p");
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(copied.status().message(), HasSubstr(GetParam().message));
}

const std::string& LongName() {
  static const std::string name(65, 'a');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CopyDescriptorRefuses,
    ::testing::Values(
        Fault{"SmallStage", [](Spec& s) { s.stage.size -= 8; },
              "retort_stage_spec.size: expected 144 or more, got 136"},
        Fault{"WildStage", [](Spec& s) { s.stage.size = 0xFFFFFFF8; }, "retort_stage_spec.size"},
        Fault{"OddStage", [](Spec& s) { s.stage.size += 1; }, "retort_stage_spec.size"},
        Fault{"NoName", [](Spec& s) { s.stage.name = View(""); }, "stage name: expected 1 to 64 lower-case letters"},
        Fault{"NullName",
              [](Spec& s) {
                s.stage.name = {nullptr, 5};
              },
              "a null pointer with a length of 5"},
        Fault{"UpperName", [](Spec& s) { s.stage.name = View("My-stage"); }, "got `My-stage`"},
        Fault{"SnakeName", [](Spec& s) { s.stage.name = View("my_stage"); }, "got `my_stage`"},
        Fault{"TrailingDash", [](Spec& s) { s.stage.name = View("my-"); }, "got `my-`"},
        Fault{"DoubleDash", [](Spec& s) { s.stage.name = View("my--s"); }, "got `my--s`"},
        Fault{"LongName", [](Spec& s) { s.stage.name = View(LongName()); }, "1 to 64"},
        Fault{"NoSummary", [](Spec& s) { s.stage.summary = View(""); },
              "stage `my-stage2`: summary: expected one line"},
        Fault{"TwoLineSummary", [](Spec& s) { s.stage.summary = View("a\nb"); }, "summary: expected one line"},
        Fault{"BrokenText", [](Spec& s) { s.stage.text = View("\xff"); }, "text: invalid UTF-8"},
        Fault{"EndlessText",
              [](Spec& s) {
                s.stage.text = {"x", size_t{1} << 40};
              },
              "text: longer than 1 MiB"},
        Fault{"TwoInputs", [](Spec& s) { s.stage.input_count = 2; }, "inputs: expected none (a source) or one, got 2"},
        Fault{"NoPorts", [](Spec& s) { s.stage.input_count = s.stage.output_count = 0; },
              "neither an input nor an output"},
        Fault{"NullPorts", [](Spec& s) { s.stage.outputs = nullptr; }, "outputs: a null pointer with a count of 2"},
        Fault{"WildPorts", [](Spec& s) { s.stage.output_count = 100000; },
              "outputs: at most 256 are allowed, got 100000"},
        Fault{"SmallPort", [](Spec& s) { s.outputs[0].size = 8; }, "retort_port_spec.size: expected 56 or more, got 8"},
        Fault{"ZeroPort", [](Spec& s) { s.outputs[0].size = 0; }, "retort_port_spec.size: expected 56 or more, got 0"},
        Fault{"HugePort", [](Spec& s) { s.outputs[0].size = 8192; }, "retort_port_spec.size: expected 56 or more"},
        Fault{"OtherPort", [](Spec& s) { s.outputs[1].size = 64; },
              "outputs[1].size: expected 56, the size of the first, got 64"},
        Fault{"BadPort", [](Spec& s) { s.outputs[1].name = View("Done!"); }, "outputs[1].name"},
        Fault{"TwicePort", [](Spec& s) { s.outputs[1].name = View("continue"); },
              "outputs[1].name: `continue` is there twice"},
        Fault{"NoPayload", [](Spec& s) { s.inputs[0].payload = View(""); }, "inputs[0].payload"},
        Fault{"SmallOption", [](Spec& s) { s.options[0].size = 120; },
              "retort_option_spec.size: expected 128 or more, got 120"},
        Fault{"KebabOption", [](Spec& s) { s.options[0].name = View("max-tokens"); }, "options[0].name"},
        Fault{"TwiceOption", [](Spec& s) { s.options[2].name = View("rule"); }, "option `rule` is there twice"},
        Fault{"UnknownType", [](Spec& s) { s.options[0].type = 9; },
              "option `max_tokens`.type: expected 1 (BOOL) to 8 (STRING_LIST), got 9"},
        Fault{"NoOptionText", [](Spec& s) { s.options[0].text = View(""); }, "option `max_tokens`.text: empty"},
        Fault{"TurnedRange", [](Spec& s) { s.options[0].minimum = 65; }, "its minimum is above its maximum"},
        Fault{"DefaultAbove", [](Spec& s) { s.options[0].default_value = View("65"); },
              "`65` is not a value that the option itself allows"},
        Fault{"DefaultNoNumber", [](Spec& s) { s.options[0].default_value = View("8x"); }, "`8x` is not a value"},
        Fault{"NoDefault", [](Spec& s) { s.options[0].default_value = View(""); }, "`` is not a value"},
        Fault{"DefaultNoBool", [](Spec& s) { s.options[0].type = RETORT_OPTION_BOOL; }, "`8` is not a value"},
        Fault{"DefaultInfinite",
              [](Spec& s) { s.options[0].type = RETORT_OPTION_FLOAT, s.options[0].default_value = View("nan"); },
              "`nan` is not"},
        Fault{"DefaultNoList", [](Spec& s) { s.options[0].type = RETORT_OPTION_STRING_LIST; }, "`8` is not a value"},
        Fault{"DefaultNoChoice", [](Spec& s) { s.options[1].default_value = View("best"); }, "`best` is not a value"},
        Fault{"NoChoices", [](Spec& s) { s.options[1].choice_count = 0; },
              "option `rule`.choices: an ENUM needs 1 to 256 of them, got 0"},
        Fault{"NullChoices", [](Spec& s) { s.options[1].choices = nullptr; }, "option `rule`.choices"},
        Fault{"TwiceChoice", [](Spec& s) { s.choices[1] = View("greedy"); }, "`greedy` is there twice"},
        Fault{"ChoicesOfInt", [](Spec& s) { s.options[0].choices = s.choices.data(), s.options[0].choice_count = 1; },
              "only ENUM options have choices"},
        Fault{"UnknownFlag", [](Spec& s) { s.stage.flags = 1u << 31; }, "flags: bits 2147483648 are not known"},
        Fault{"NoFunctions", [](Spec& s) { s.stage.functions = nullptr; }, "functions: a null pointer"},
        Fault{"SmallFunctions", [](Spec& s) { s.functions.size = 16; },
              "retort_stage_functions.size: expected 72 or more, got 16"},
        Fault{"NoCreate", [](Spec& s) { s.functions.create = nullptr; }, "functions.create: a null pointer"},
        Fault{"NoProcess", [](Spec& s) { s.functions.process = nullptr; }, "functions.process: a null pointer"},
        Fault{"NoDestroy", [](Spec& s) { s.functions.destroy = nullptr; }, "functions.destroy: a null pointer"}),
    [](const auto& test) { return test.param.name; });

TEST(CopyDescriptor, RefusesNull) {
  EXPECT_EQ(CopyDescriptor(nullptr, "p").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace retort
