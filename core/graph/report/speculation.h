// What speculative decoding did in a run, by verifying stage: how much was accepted of which drafts, where the time
// went, and the speed-up over plain decoding against the one that its acceptance and costs allow.
// Definitions: core/design/009-what-users-see.md.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"
#include "core/graph/report/step_times.h"

namespace retort {

/// Drafts with a token at one place (a level of a tree).
struct PlaceCounts {
  double offered = 0;   // as drafted
  double verified = 0;  // of these, run by the target
  double accepted = 0;  // of these, accepted, and all before it too
  double rate() const { return verified > 0 ? accepted / verified : 0; }
};

/// Of all drafts, or those of one kind of record, or of one drafter.
struct AcceptanceCounts {
  std::string name;
  double drafts = 0;  // steps of a sequence that ran a draft; not counted by kind
  double draft_tokens = 0, accepted_tokens = 0;
  double steps = 0, tokens = 0;  // of sequences, and what they gave; not counted by drafter
  std::vector<PlaceCounts> places;

  double rate() const { return draft_tokens > 0 ? accepted_tokens / draft_tokens : 0; }
  double tokens_per_step() const { return steps > 0 ? tokens / steps : 0; }
};

/// Seconds. The loop is made of decoding steps; those that ran a prompt, with all the drafting for it, are apart.
struct LoopTimes {
  double loop = 0;
  double draft = 0;   // busy, on whatever thread
  double step = 0;    // forward steps of the target
  double accept = 0;  // the rest of the verifier's calls
  double prompt = 0;  // steps with prompts
  /// Queues, scheduling, waiting. Where drafting overlaps steps, it may be less than nothing: then 0.
  double other() const { return std::max(0.0, loop - draft - step - accept); }
};

/// Everything in plain steps: a step of the same sequences with one row each.
struct SpeedUp {
  double tokens = 0;  // E: what a sequence got of a step
  double step = 0;    // v: a step of the run
  double draft = 0;   // gamma c
  double other = 0;   // all else in the loop
  double bound() const { return tokens / (draft + step); }
  double attained() const { return tokens / (draft + step + other); }
  double share() const { return attained() / bound(); }
};

struct Speculation {
  std::string stage;                         // that verifies
  std::vector<std::string> drafting_stages;  // others on its cycle
  AcceptanceCounts all;
  std::vector<AcceptanceCounts> kinds, drafters;
  double left_out = 0;        // drafted tokens that were not run, since they did not pay
  double sequences = 0;       // a decoding step, on average
  double decoded_tokens = 0;  // by decoding steps
  bool trees = false;         // some drafts were no chains
  LoopTimes times;
  StepTimes step_times;
  std::optional<SpeedUp> speed_up;
  std::string unknown;  // why speed_up is not known

  /// Of the target, against one for each token.
  double steps_saved() const { return all.tokens - all.steps; }
  /// As vLLM counts: tokens a draft gave, with the one that follows it. 0: there was no draft.
  double mean_acceptance_length() const { return all.drafts > 0 ? 1 + all.accepted_tokens / all.drafts : 0; }
};

/// One for each stage that verified something, in the pipeline's order.
std::vector<Speculation> FindSpeculation(const PipelineDescription& pipeline, const RunReport& report);

}  // namespace retort
