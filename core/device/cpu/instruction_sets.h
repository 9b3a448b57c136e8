// Which of the processor's instruction sets kernels use: the best one, unless RETORT_MAX_ISA names a lesser.
#pragma once

#include <string>

#include "retort/status.h"

namespace retort {

/// Let kernels use nothing above what the environment variable RETORT_MAX_ISA names ("AVX2", say), for measuring and
/// for finding faults. Errors: kInvalidArgument for a name that this processor or build does not have, with those it
/// has.
Status ApplyMaxIsa();

/// Those in use, best first: "AVX3_DL AVX3 AVX2 ...".
std::string InstructionSets();

}  // namespace retort
