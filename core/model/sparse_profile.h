// What calibration learned of a model's neurons: a small JSON file, for one model alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/profile_fields.h"
#include "core/model/sparsity.h"

namespace retort {

/// A setting of the loop of Sirius, and what was measured with it. Source: Zhou et al., arXiv 2409.03856.
struct SparseTrial {
  SparsityKind kind = SparsityKind::kNone;
  double density = 1;                    // the mean over layers
  bool uneven = false;                   // densities of layers by their sensitivity
  bool thresholds = false;               // neurons of `fine` by magnitude rather than by count
  int32_t period = 0;                    // n: tokens between two of the whole model, the first of which is its own
  std::optional<double> threshold = {};  // likelihood from which a sparse token stands; none: it must be the argmax
  // Measured:
  int64_t checks = 0;            // steps of the whole model
  double aal = 0;                // tokens kept of a period, mean; the last of a text is counted
  double effective_density = 0;  // ((n - 1) * share of the parameters that a sparse step reads + 1) / aal
  double agreement = 0;          // share of the kept tokens that are the whole model's argmax
  double speed = 0;              // tokens a second over those of plain decoding
  double speed_error = 0;        // its standard error

  bool operator==(const SparseTrial&) const = default;
  /// Whether it is faster than plain decoding beyond doubt: by two standard errors.
  bool pays() const { return speed - 2 * speed_error > 1; }
};

struct SparseProfile {
  ProfileModel made_for;
  int32_t neurons = 0;  // of a layer
  // KL(whole model || model with one sparse layer) in nats a token, [layers, densities]; empty: not measured.
  std::vector<double> densities;  // ascending, below 1
  std::vector<std::vector<double>> coarse, fine;
  // Least |silu(gate)| of a layer that leaves a share of its neurons, [layers, threshold_densities]; may be empty.
  std::vector<double> threshold_densities;  // ascending, below 1
  std::vector<std::vector<double>> thresholds;
  // A reader needs none of these.
  std::string weights;              // the type that the measured model had
  std::vector<SparseTrial> trials;  // all that were tried
  std::vector<SparseTrial> best;    // of each rule the fastest; it need not pay

  /// Of a kind, as `coarse` and `fine`.
  const std::vector<std::vector<double>>& sensitivity(SparsityKind kind) const {
    return kind == SparsityKind::kCoarse ? coarse : fine;
  }
  /// kUnsupported for another model than the one that the profile was made for.
  Status CheckFits(const Model& other) const { return made_for.CheckFits(other, "retort sparse calibrate"); }
};

/// Errors: kNotFound; kDataLoss for a file that is no such profile, or whose figures do not fit together. Messages name
/// the file and the field.
Result<SparseProfile> ReadSparseProfile(const std::string& path);
/// As ReadSparseProfile reads it.
std::string SparseProfileText(const SparseProfile& profile);
/// A trial as the file has it.
nlohmann::ordered_json TrialJson(const SparseTrial& trial);

}  // namespace retort
