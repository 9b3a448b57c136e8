// Reads a page of metrics over HTTP.
#pragma once

#include <string>

#include "retort/status.h"

namespace retort::cli {

/// HOST:PORT of "9400", "10.0.0.1:9400", "[::1]:9400" or "http://10.0.0.1:9400/metrics"; the host is 127.0.0.1 where
/// none is named. Errors: kInvalidArgument.
Result<std::string> ParseEndpoint(const std::string& text);

/// GET /metrics of HOST:PORT, in at most 5 s. Errors: kNotFound where nothing answers, kDataLoss for another answer
/// than 200 or one of more than 16 MiB.
Result<std::string> FetchMetrics(const std::string& endpoint);

}  // namespace retort::cli
