// What the steps of a drafting model take, for the verifier to weigh.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace drafting {

/// The first step of a draft also runs what its sequence has gained since the last one, a whole prompt even; such steps
/// tell what a token takes that has to be caught up.
class StepClock {
 public:
  /// A step begins that runs `tokens`, at most `most` of one sequence.
  void Begin(size_t most, size_t tokens) {
    drafts_ = most <= kFew;
    tokens_ = tokens;
    begin_ = std::chrono::steady_clock::now();
  }
  /// It has made drafts longer by `gained` tokens, in the mean or the longest; fewer than one count as one.
  void End(double gained = 1) {
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    if (drafts_) {
      Mix(step_seconds_, passed / std::max(gained, 1.0));
    } else {
      Mix(token_seconds_, passed / static_cast<double>(tokens_));
    }
  }
  /// Of a step, of late; 0 before the first.
  double step_seconds() const { return step_seconds_; }
  /// Of running `pending` tokens before a draft can begin, beyond what every draft does.
  double CatchUp(size_t pending) const {
    return token_seconds_ * static_cast<double>(pending - std::min(pending, kFew));
  }

 private:
  static constexpr size_t kFew = 4;       // tokens that the last verification may have left
  static constexpr double kShare = 0.25;  // of an observation in the mean
  static void Mix(double& mean, double value) { mean += (mean > 0 ? kShare : 1) * (value - mean); }

  std::chrono::steady_clock::time_point begin_;
  double step_seconds_ = 0, token_seconds_ = 0;
  size_t tokens_ = 0;
  bool drafts_ = false;
};

}  // namespace drafting
