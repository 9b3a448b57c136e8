// The part of a run's page about speculation.
#pragma once

#include <string>

#include "core/graph/report/speculation.h"
#include "tools/cli/report/record_watch.h"

namespace retort::cli {

/// A section of tables and charts.
std::string SpeculationHtml(const Speculation& figures);

/// A record's completion, each drafter's text in a colour, what was rejected struck out.
std::string RecordHtml(const WatchedRecord& record);

}  // namespace retort::cli
