// What the tests of a pipeline may hold, for editors and readers.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace retort {

/// JSON Schema of the section `tests`. It refers to definitions, which TestDefinitions gives.
nlohmann::ordered_json TestsSchema();
nlohmann::ordered_json TestDefinitions();

/// The keys and the conditions, as Markdown tables.
std::string TestsMarkdown();

}  // namespace retort
