// The reference of the pipeline language, made of what the program itself checks by.
#pragma once

#include <string>

#include "core/plugin/registry.h"

namespace retort {

/// Markdown: the keys of a pipeline file, every stage of the registry, and the rules of `lint`. Nothing in it depends
/// on paths or on the machine.
std::string ReferenceMarkdown(const Registry& registry);

}  // namespace retort
