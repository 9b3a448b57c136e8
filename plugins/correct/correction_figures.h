// What Sirius (arXiv 2409.03856) counts: tokens that a check keeps, and what they cost in parameters read.
#pragma once

#include <retort/sdk.h>

#include <cstddef>

namespace correcting {

/// One step of the whole model over what the sparse one wrote.
struct Check {
  size_t steps = 0;   // of the sparse model: as many as it wrote tokens in a row, one more where it would have ended
  size_t sparse = 0;  // tokens in a row that the sparse model wrote
  size_t kept = 0;    // of these, and the whole model's own before them
  double step_density = 0;  // of a sparse step: DraftView::density

  /// Parameters read, in models: the sparse steps and the check.
  double cost() const { return static_cast<double>(steps) * step_density + 1; }
};

/// Reports a record's checks. `kept_tokens` has the mean AAL (average advance length), and `check_density` over the sum
/// of `kept_tokens` is the effective density, ((n - 1) d + 1) / AAL where every check has n - 1 sparse tokens. The
/// published figures leave a record's last check out, which its end cuts short: these are the names with
/// `_without_last`.
class CorrectionFigures {
 public:
  void Report(retort::sdk::Context& context, const Check& check);

 private:
  Check last_;  // none yet: keeps nothing
};

}  // namespace correcting
