// Finds the changes that put a pipeline file right: each is tried on the text, which is checked again, and only what
// helps and breaks nothing is offered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph/lint/fix.h"
#include "core/graph/pipeline.h"

namespace retort {

class Fixer {
 public:
  /// `registry` must outlive the object.
  Fixer(const Registry& registry, LoadOptions options) : registry_(registry), options_(std::move(options)) {}

  /// A fix of `fault`, one of `loaded`'s: with it the file has fewer faults, or as many and this one no more. Nothing
  /// where none was found.
  std::optional<Fix> Find(const LoadedPipeline& loaded, const Diagnostic& fault) const;

  struct Fixed {
    LoadedPipeline loaded;  // of the text after all fixes
    struct Step {
      Diagnostic fault;  // places in the text as it was then
      std::string title;
    };
    std::vector<Step> steps;
  };
  /// Fix errors one after the other, until there are none or none can be fixed. Warnings stay.
  Fixed FixAll(LoadedPipeline loaded) const;

 private:
  const Registry& registry_;
  LoadOptions options_;
};

}  // namespace retort
