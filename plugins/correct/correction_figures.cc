#include "plugins/correct/correction_figures.h"

namespace correcting {

void CorrectionFigures::Report(retort::sdk::Context& context, const Check& check) {
  context.Sample("kept_tokens", static_cast<double>(check.kept));
  context.Count("check_density", check.cost());
  if (const size_t gone = check.sparse + 1 - check.kept; gone > 0) {
    context.Count("rollbacks");
    context.Count("rolled_back_tokens", static_cast<double>(gone));
  }
  if (last_.kept > 0) {
    context.Sample("kept_tokens_without_last", static_cast<double>(last_.kept));
    context.Count("check_density_without_last", last_.cost());
  }
  last_ = check;
}

}  // namespace correcting
