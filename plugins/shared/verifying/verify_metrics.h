// What a verifier says of its work: how much of which drafts was accepted, and where the time of its steps went. Names
// are made once; a step adds up in place and reports once at its end. Definitions: core/design/009-what-users-see.md.
#pragma once

#include <retort/sdk.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort_stages {

/// What one step did with one sequence's draft.
struct VerifiedDraft {
  std::string_view drafter;
  std::string_view kind;                   // of the record; "": none is named
  size_t offered = 0, offered_levels = 0;  // drafted tokens, before the length was chosen
  size_t tokens = 0, levels = 0;           // of these, run. Levels are the tokens of a chain, the depth of a tree
  size_t accepted = 0;
  size_t committed = 0;
};

/// Levels of a tree whose parents come before their children (-1: at the root).
size_t TreeLevels(std::span<const int32_t> parents);

/// "PREFIX/N" for N up to 64, from there "PREFIX/FROM-TO", eight of them an octave: a bounded number of names.
class NamesBySize {
 public:
  explicit NamesBySize(std::string_view prefix);
  const std::string& Of(size_t size) const;

 private:
  std::vector<size_t> first_;  // of each class
  std::vector<std::string> names_;
};

/// Counts of drafted tokens by their place in the draft, from 0, under "PREFIX/PLACE" or "PREFIX/PLACE/OF".
class PlaceCounts {
 public:
  PlaceCounts(std::string_view prefix, size_t places, std::string_view of = {});
  /// One for each of the first `count` places; places beyond the last are left out.
  void Add(size_t count);
  void Report(retort::sdk::Context& context);

 private:
  std::vector<std::string> names_;
  std::vector<double> counts_;
  size_t used_ = 0;
};

class VerifyMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  /// A call begins; what passed since the last one that left sequences in the loop belongs to it.
  void Begin() { began_ = Clock::now(); }
  /// The step of `rows` rows took `seconds`.
  void Step(size_t rows, double seconds);
  void Draft(retort::sdk::Context& context, const VerifiedDraft& draft);
  /// The call is over. `prompt`: one of its `sequences` had more to run than its last token, or no token of its own
  /// yet, so its times are no decoding step's. `live`: some sequences have not ended.
  void End(retort::sdk::Context& context, size_t sequences, bool prompt, bool live);

 private:
  static constexpr size_t kPlaces = 256, kPlacesOfKind = 16, kKinds = 32;
  struct Tally {
    double drafts = 0, draft_tokens = 0, accepted_tokens = 0;
    void Add(const VerifiedDraft& draft);
  };
  struct Drafter {
    explicit Drafter(std::string_view name);
    std::string drafts, draft_tokens, accepted_tokens;
    Tally tally;
  };
  struct Kind {
    explicit Kind(std::string_view name);
    std::string acceptance_length, draft_tokens, accepted_tokens;
    Tally tally;
    PlaceCounts verified_places, accepted_places;
  };
  Drafter& DrafterOf(std::string_view name);
  Kind& KindOf(std::string_view name);
  void ReportTimes(retort::sdk::Context& context, size_t sequences, bool prompt, Clock::time_point now) const;
  void ReportDrafts(retort::sdk::Context& context);

  NamesBySize step_seconds_{"step_seconds"}, decoded_tokens_{"decoded_tokens"};
  PlaceCounts offered_places_{"draft_tokens_offered_per_pos", kPlaces};
  PlaceCounts verified_places_{"draft_tokens_per_pos", kPlaces};
  PlaceCounts accepted_places_{"accepted_tokens_per_pos", kPlaces};
  std::map<std::string, Drafter, std::less<>> drafters_;
  std::map<std::string, Kind, std::less<>> kinds_;
  Tally all_;
  double committed_ = 0, left_out_ = 0;  // of the call
  size_t rows_ = 0;
  double forward_seconds_ = 0;
  Clock::time_point began_;
  std::optional<Clock::time_point> left_;  // when the last call ended, if sequences went on from it
};

}  // namespace retort_stages
