// Tests of templates: a pipeline is made of the template alone, with a source before it and an end behind each of its
// outputs.
#pragma once

#include <string>
#include <vector>

#include "core/graph/yaml_tree.h"

namespace retort {

struct TemplateTest {
  std::string name;  // of the template
  std::string test;  // under its `tests:`
};

/// What the stages of such a pipeline are called.
std::string TemplateSource();
std::string TemplateEnd(const std::string& output);

/// The tests of the templates that stand in the file itself, not in one that it includes.
std::vector<TemplateTest> TemplateTests(const YamlNode& root);

/// `root` with such a pipeline in place of its stages, edges and tests; models, variables and templates stay.
/// Parameters are those under `with:` of the test.
YamlNodePtr AsPipeline(const YamlNodePtr& root, const TemplateTest& test);

}  // namespace retort
